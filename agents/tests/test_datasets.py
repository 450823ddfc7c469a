"""Retrieval on real data sets: what was reached must not be lost. The sets are found by CHARLA_DATASETS."""

import os
import random
from pathlib import Path

import pytest

from agents.services.importing.importer import READERS
from agents.services.importing.records import Record, UnreadableFileError
from agents.services.importing.sources import describe
from agents.tests.test_import_files import load as import_file
from benchmarks.retrieval_scores import Scores, load, score
from benchmarks.retrieval_sets import SETS
from tenants.models import TenantModel

pytestmark = pytest.mark.datasets
SAMPLE = 120
"""Of a set with more questions, this many are asked."""


@pytest.fixture
def folder() -> Path:
    """Where the data sets are."""
    path = Path(os.environ.get("CHARLA_DATASETS", "/nowhere"))
    if not path.is_dir():
        print(f"The data sets were not tried: CHARLA_DATASETS={path} is no folder.")  # noqa: T201 - decision 38
        pytest.skip("no data sets")
    return path


def scores_of(tenant: TenantModel, folder: Path, name: str) -> Scores:
    chosen = SETS[name](folder)
    questions = chosen.questions
    if len(questions) > SAMPLE:
        questions = random.Random(1).sample(questions, SAMPLE)
    return score(load(tenant, chosen), chosen, questions)


@pytest.mark.parametrize(("name", "least"), [("xquad_en", 0.95), ("xquad_es", 0.94)])
def test_the_right_paragraph_is_first(tenant: TenantModel, folder: Path, name: str, least: float) -> None:
    scores = scores_of(tenant, folder, name)
    assert scores.first >= least
    assert scores.first_and_given >= 0.8


def test_the_right_entry_of_a_course_is_among_the_first_five(tenant: TenantModel, folder: Path) -> None:
    assert scores_of(tenant, folder, "faq_datatalks").within_five >= 0.95


def test_most_of_what_an_faq_does_not_answer_is_declined(tenant: TenantModel, folder: Path) -> None:
    scores = scores_of(tenant, folder, "faq_covid_genie")
    assert scores.declined_unasked >= 0.8
    assert scores.first > 0.429


@pytest.mark.parametrize(
    ("path", "entries"),
    [
        ("faq_es_real/mut_preguntas.csv", 124),
        ("faq_es_real/mut_whatsapp_visitantes.csv", 133),
        ("faq_es_real/radarcovid_textos_es.json", 190),
        ("faq_covid_deepset/faq_200327.tsv.gz", 870),
        ("faq_covid_deepset/faq_covidbert.csv", 205),
        ("faq_covid_genie/faq_db.csv", 129),
        ("faq_stackexchange_coffee/Posts.xml", 160),
        ("faq_android_xml/faq.es.xml", 13),
        ("faq_bitcoin_es_en/faq.json", 46),
    ],
)
def test_real_files_are_imported_without_an_error(tenant: TenantModel, folder: Path, path: str, entries: int) -> None:
    report = import_file(tenant, folder / path, level="strict")
    assert (report.errors, report.refused) == (0, False), report.problems[:5]
    assert report.stored.created >= entries


def test_tortured_files_raise_nothing_but_what_is_said_of_them(folder: Path, tmp_path: Path) -> None:
    import base64
    import json

    wrong = []
    lines = (folder / "parser_torture/json_cases.jsonl").read_text("utf-8").splitlines()
    for case in map(json.loads, lines):
        path = tmp_path / "case.json"
        path.write_bytes(base64.b64decode(case["b64"]))
        try:
            source = describe(path)
            outcome = "accept"
            list(READERS["json"](source, {}))
        except UnreadableFileError:
            outcome = "reject"
        broken = "\ufffd" in path.read_bytes().decode("utf-8", "replace")
        if case["expect"] not in (outcome, "either") and not broken:
            wrong.append((case["name"], outcome))
    assert wrong == []


@pytest.mark.parametrize("format_", sorted(READERS))
def test_naughty_bytes_are_read_or_refused_by_every_reader(folder: Path, tmp_path: Path, format_: str) -> None:
    import json

    lines = (folder / "parser_torture/utf8_cases.jsonl").read_text("utf-8").splitlines()
    path = tmp_path / f"case.{format_}"
    for case in map(json.loads, lines):
        path.write_bytes(bytes.fromhex(case["hex"]))
        try:
            found = list(READERS[format_](describe(path, format_=format_), {}))
        except UnreadableFileError:
            continue
        assert all(item.line >= 0 for item in found if isinstance(item, Record))
