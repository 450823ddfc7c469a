"""Files that mean harm: import_data reads them to a plain refusal, in little memory and time."""

import gzip
import json
import time
import tracemalloc
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tenants.lifecycle import portable_kinds
from tenants.portable.checking import BadRecordError, checked
from tenants.portable.sources import NotAnExportError, read
from tenants.tests.portable_fuzzing import inputs, read_all, record_of

KINDS = [kind for _name, kind in portable_kinds.items() if kind.importable]
MOST_BYTES = 160_000_000
MOST_SECONDS = 20
MANY = settings(deadline=None, max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])


def lines_of(path: Path) -> int:
    """Read a file to its end or to its refusal; return how many objects there were."""
    count = 0
    try:
        for _line in read(path):
            count += 1
    except NotAnExportError:
        return -1
    return count


BOMBS = {
    "one long line": b'{"kind":"message","content":"' + b"a" * 60_000_000,
    "many small values": b'{"kind":"message","content":[' + b"{}," * 10_000_000 + b"1]}\n",
    "many small values in an array": b'[{"kind":"message","content":[' + b"{}," * 10_000_000 + b"1]}]\n",
    "nothing but spaces": b" " * 30_000_000,
    "nothing but lines": b"{" + b"\n" * 30_000_000,
    "an array of spaces": b"[" + b" " * 30_000_000,
    "depth": b'{"kind":' + b"[" * 5_000_000,
    "depth in an array": b"[" * 5_000_000,
}


@pytest.mark.parametrize("name", BOMBS)
def test_a_bomb_is_refused_before_it_is_large(tmp_path: Path, name: str) -> None:
    path = tmp_path / "bomb.jsonl.gz"
    path.write_bytes(gzip.compress(BOMBS[name], 1))
    began = time.process_time()
    tracemalloc.start()
    try:
        found = lines_of(path)
        _now, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert found <= 1
    assert most < MOST_BYTES
    assert time.process_time() - began < MOST_SECONDS


def test_a_long_text_is_no_bomb(tmp_path: Path) -> None:
    record = json.dumps({"kind": "document", "content": 'a, b: [c] {d} "e" \\ ' * 200_000})
    for name, text in {"lines.jsonl": f"{record}\n{record}\n", "array.json": f"[{record},\n{record}]"}.items():
        (tmp_path / name).write_text(text, "utf-8")
        assert lines_of(tmp_path / name) == 2


@MANY
@given(data=st.binary(max_size=300) | st.text(max_size=200).map(str.encode), packed=st.booleans())
def test_any_bytes_are_read_or_refused(tmp_path: Path, data: bytes, packed: bool) -> None:
    path = tmp_path / "any"
    for begin in (b"", b"[", b'{"kind":', b'[{"kind":"chat"},'):
        path.write_bytes(gzip.compress(begin + data)[: len(data)] if packed else begin + data)
        assert lines_of(path) >= -1


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
@MANY
@given(data=st.data())
def test_any_record_is_fit_or_bad(kind: Any, data: st.DataObject) -> None:
    try:
        assert set(checked(kind, data.draw(record_of(kind)))) <= set(kind.own_fields)
    except BadRecordError as error:
        assert str(error)


@MANY
@given(data=inputs())
def test_any_file_of_records_is_read_or_refused(tmp_path: Path, data: bytes) -> None:
    assert read_all(data, tmp_path / "export") is not None
