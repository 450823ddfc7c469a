"""Inputs for import_data by hypothesis: lines and arrays of records of every kind, bent.

By hand, the long tier (no crash, nothing slower than 2 s, less than 256 MB):

    manage.py shell -c "from tenants.tests.portable_fuzzing import main; main(100_000)"
"""

import gzip
import json
import sys
from collections import Counter
from pathlib import Path
from typing import Any, Final

from hypothesis import strategies as st

from tenants.lifecycle import portable_kinds
from tenants.portable.checking import BadRecordError, checked
from tenants.portable.sources import NotAnExportError, read
from tests.support.fuzzing import bent, long_tier

VALUES: Final = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20) | st.datetimes().map(str)
    | st.uuids().map(str)
    | st.sampled_from(["user", "agent", "web", "es", "active", "2026-02-30", "a@b.co", "\x00", "\ud800"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)  # fmt: skip


def record_of(kind: Any) -> "st.SearchStrategy[dict[str, Any]]":
    """Return a strategy of records of a kind: any of its fields, with any values."""
    names = [*kind.fields, *kind.beside, "unreadable"]
    return st.fixed_dictionaries({"kind": st.just(kind.name)}, optional=dict.fromkeys(names, VALUES))


def inputs() -> "st.SearchStrategy[bytes]":
    """Return a strategy of files: lines or an array, packed or plain."""
    kinds = [kind for _name, kind in portable_kinds.items() if kind.importable]
    told = st.lists(st.one_of([record_of(kind) for kind in kinds]).map(json.dumps), max_size=3)
    plain = bent(st.one_of(told.map("\n".join), told.map(lambda lines: f"[{','.join(lines)}]")).map(str.encode))
    return st.one_of(plain, plain, bent(plain.map(gzip.compress)))


def read_all(data: bytes, path: Path) -> dict[str, int]:
    """Read a file as the command does before the database; return how many records were fit, bad and refused."""
    path.write_bytes(data)
    kinds = {kind.name: kind for _name, kind in portable_kinds.items() if kind.importable}
    came = Counter[str]()
    try:
        for line in read(path):
            kind = kinds.get(str((line.record or {}).get("kind")))
            if line.record is None or kind is None:
                came["no record"] += 1
                continue
            try:
                assert set(checked(kind, line.record)) <= set(kind.own_fields)
                came["fit"] += 1
            except BadRecordError as error:
                assert str(error)
                came["bad"] += 1
    except NotAnExportError as error:
        assert str(error)
        came["refused"] += 1
    return dict(came)


def main(count: int) -> None:
    """Run the long tier."""
    sys.stdout.write(long_tier("import_data", inputs(), read_all, count) + "\n")
