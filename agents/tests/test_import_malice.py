"""Files made to do harm: each is refused or cleaned, in one sentence, and nothing else happens."""

import gzip
import json
import random
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings

from agents.services.importing import sources
from agents.tests.import_fuzzing import FORMATS, inputs_of, read
from agents.tests.test_import_files import load, stored, written
from tenants.models import TenantModel

ENTITIES = '<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]><f><i><q>&b;</q><a>x</a></i></f>'
OUTSIDE = '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><f><i><q>q</q><a>&a;</a></i></f>'


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("entities.xml", ENTITIES),
        ("outside.xml", OUTSIDE),
        ("deep.xml", "<a>" * 5000 + "</a>" * 5000),
        ("deep.json", "[" * 100_000),
        ("deep2.json", '{"a":' * 5000 + "1" + "}" * 5000),
        ("not.json", '[{"question": "q", "answer": "a"},]'),
        ("nan.json", '{"question": "q", "answer": NaN}'),
        ("not.xml", "<a><b></a>"),
        ("half.csv.gz", gzip.compress(b"question,answer\n" + random.Random(1).randbytes(5000))[:-40]),
        ("strange.bin", "hello"),
        ("latin.xml", '<?xml version="1.0" encoding="nonsense"?><a/>'),
    ],
)
def test_a_file_that_cannot_be_trusted_is_refused(
    tenant: TenantModel, tmp_path: Path, name: str, content: str | bytes
) -> None:
    report = load(tenant, written(tmp_path, name, content))
    assert report.refused
    assert report.problems[0].code == "unreadable"
    assert stored(tenant) == {}


def test_a_file_that_unpacks_to_very_much_is_refused(
    tenant: TenantModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sources, "RATIO_FROM", 1 << 20)
    bomb = gzip.compress(b"question,answer\n" + (b"q?," + b"a" * 1_000 + b"\n") * 24_000)
    report = load(tenant, written(tmp_path, "bomb.csv.gz", bomb), level="lenient")
    assert "unreadable" in {problem.code for problem in report.problems}
    assert len(stored(tenant)) <= 1


def test_a_huge_cell_is_a_bad_row(tenant: TenantModel, tmp_path: Path) -> None:
    path = written(tmp_path, "x.csv", "question,answer\nQ1?,A1\nQ2?," + "x" * 2_000_000 + "\nQ3?,A3\n")
    report = load(tenant, path, level="lenient")
    assert stored(tenant) == {"Q1?": "A1", "Q3?": "A3"}
    assert report.errors == 1


def test_nul_and_broken_letters_are_errors_of_their_rows(tenant: TenantModel, tmp_path: Path) -> None:
    content = "question,answer\nQ1?,sí\nQ2?,a\x00b\nQ3?,ñandú\n".encode() + b"Q4?,bad \xff byte\n"
    report = load(tenant, written(tmp_path, "x.csv", content), level="lenient")
    assert stored(tenant) == {"Q1?": "sí", "Q3?": "ñandú"}
    assert [(problem.line, problem.code) for problem in report.problems] == [(3, "nul"), (5, "bad_encoding")]


def test_lone_surrogates_in_json_are_broken_letters(tenant: TenantModel, tmp_path: Path) -> None:
    text = json.dumps([{"question": "Q?", "answer": "x \ud800 y"}, {"question": "P?", "answer": "fine"}])
    report = load(tenant, written(tmp_path, "x.json", text), level="lenient")
    assert stored(tenant) == {"P?": "fine"}
    assert report.problems[0].code == "bad_encoding"


def test_a_script_in_a_page_is_not_knowledge(tenant: TenantModel, tmp_path: Path) -> None:
    load(tenant, written(tmp_path, "x.html", "<title>T</title><script>alert(1)</script><p onclick=x>Hi</p>"))
    assert stored(tenant) == {"T": "Hi"}


def test_a_row_without_question_and_answer_is_nothing(tenant: TenantModel, tmp_path: Path) -> None:
    report = load(tenant, written(tmp_path, "x.csv", "question,answer,note\nQ1?,A1,\n,,only a note\n"))
    assert stored(tenant) == {"Q1?": "A1"}
    assert [(problem.line, problem.code) for problem in report.problems] == [(3, "empty_row")]


def test_names_that_cannot_be_stored_are_cleaned(tenant: TenantModel, tmp_path: Path) -> None:
    shop = {"name": "Shop\x00", "hours": {"question": "When?", "answer": "At nine.", "no\x00te": "x"}}
    report = load(tenant, written(tmp_path, "x.json", json.dumps(shop)))
    assert report.problems == []
    assert stored(tenant) == {"Shop – When?": "At nine."}


@pytest.mark.parametrize("format_", FORMATS)
def test_whatever_comes_is_read_or_told(tmp_path: Path, format_: str) -> None:
    @settings(max_examples=60, deadline=None, database=None, derandomize=True,
              suppress_health_check=list(HealthCheck))  # fmt: skip
    @given(inputs_of(format_))
    def check(data: bytes) -> None:
        assert set(read(format_, data, tmp_path / "export")) <= {"Entry", "Problem", "refused"}

    check()
