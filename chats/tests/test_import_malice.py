"""Hostile exports: bombs, broken archives, XML, endless lines and nests, and whatever hypothesis thinks of."""

import gzip
import io
import json
import tracemalloc
import zipfile
from collections.abc import Callable
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings

from chats.services.conversation_imports.importing import SOURCES, Wanted, items_of
from chats.services.conversation_imports.records import Message, Problem
from chats.tests.import_files import CHATWOOT, TICKET, WHATSAPP, lines
from chats.tests.import_fuzzing import inputs_of, read

SHORT_TIER = 150


def problems(source: str, path: Path) -> list[Problem]:
    """Return what is wrong with a file of which nothing else comes."""
    found = list(items_of(Wanted(source, path), ZoneInfo("UTC")))
    assert all(isinstance(item, Problem) for item in found)
    return [item for item in found if isinstance(item, Problem)]


def zip_of(name: str, data: bytes) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, data)
    return packed.getvalue()


BOMB = b" " * (40 << 20)
HOSTILE: dict[str, Callable[[], bytes]] = {
    "zip bomb": lambda: zip_of("export.json", BOMB),
    "gzip bomb": lambda: gzip.compress(BOMB),
    "zip without a text": lambda: zip_of("photo.jpg", b"x"),
    "zip that breaks off": lambda: zip_of("a.txt", b"x" * 1000)[:60],
    "gzip that breaks off": lambda: gzip.compress(b"x" * 1000)[:20],
    "XML with entities": lambda: (
        b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>&b;</a>'
    ),
    "nothing but noise": lambda: bytes(range(256)) * 20,
}


BREAKING = ("[" * 100_000, '{"a":' * 100_000, "[1e400, NaN]", "9" * 5_000, '"\\ud800"', "[[[[[[1]]]]]]")


@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize("kind", HOSTILE)
def test_what_is_hostile_is_refused(tmp_path: Path, source: str, kind: str) -> None:
    path = tmp_path / "export"
    path.write_bytes(HOSTILE[kind]())
    assert problems(source, path)


@pytest.mark.parametrize(
    "text", ["[" * 100_000, '{"a":' * 100_000, "[1e400, NaN]", "9" * 5_000, '"\\ud800"', "[[[[[[1]]]]]]"]
)
@pytest.mark.parametrize("source", ["chatwoot", "zendesk"])
def test_json_that_is_made_to_break_parsers_is_told(tmp_path: Path, source: str, text: str) -> None:
    (tmp_path / "x.json").write_text(text)
    assert problems(source, tmp_path / "x.json")


@pytest.mark.parametrize("source", SOURCES)
def test_memory_does_not_grow_with_the_file(tmp_path: Path, source: str) -> None:
    path = tmp_path / "WhatsApp Chat with Rosa"
    one = {"chatwoot": lines(CHATWOOT), "zendesk": lines(TICKET), "whatsapp": WHATSAPP}[source] + "\n"
    path.write_text(one * (8_000_000 // len(one) // 4))
    tracemalloc.start()
    count = sum(isinstance(item, Message) for item in items_of(Wanted(source, path), ZoneInfo("UTC")))
    _now, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert count > 1_000
    assert most < 4_000_000


@pytest.mark.parametrize("source", SOURCES)
def test_an_endless_line_is_told(tmp_path: Path, source: str) -> None:
    text = "01/12/25, 10:05 - Rosa: " + "x" * 3_000_000 if source == "whatsapp" else json.dumps({"a": "x" * 3_000_000})
    (tmp_path / "WhatsApp Chat with Rosa").write_text(text)
    found = list(items_of(Wanted(source, tmp_path / "WhatsApp Chat with Rosa", ["Rosa"]), ZoneInfo("UTC")))
    assert any(isinstance(item, Problem) for item in found)


@pytest.mark.parametrize("source", SOURCES)
def test_whatever_comes_is_read_or_told(tmp_path: Path, source: str) -> None:
    @settings(max_examples=SHORT_TIER, deadline=2_000, database=None, derandomize=True,
              suppress_health_check=list(HealthCheck))  # fmt: skip
    @given(inputs_of(source))
    def check(data: bytes) -> None:
        read(source, data, tmp_path / "export")

    check()


def test_the_strategies_reach_the_readers(tmp_path: Path) -> None:
    assert read("zendesk", lines(TICKET).encode(), tmp_path / "export") == {"Conversation": 1, "Message": 2}
