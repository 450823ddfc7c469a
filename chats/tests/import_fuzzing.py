"""Inputs for the importers by hypothesis: real exports bent, and objects of the right names with wrong values.

By hand, the long tier (no crash, nothing slower than 2 s, less than 256 MB):

    manage.py shell -c "from chats.tests.import_fuzzing import main; main(100_000)"
"""

import json
import sys
from collections import Counter
from functools import partial
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

from chats.services.conversation_imports.importing import SOURCES, Wanted, items_of
from chats.services.conversation_imports.records import Message, Person, Problem
from chats.tests.import_files import CHATWOOT, CONTACT, TICKET, USER, WHATSAPP, lines
from tests.support.fuzzing import bent, long_tier

ZONE: Final = ZoneInfo("America/Bogota")
SEEDS: Final = {
    "chatwoot": [CHATWOOT, CONTACT],
    "zendesk": [TICKET, USER, {"ticket_id": 812, "events": [{"type": "Comment", "id": 1, "body": "x"}]}],
}
PAGES: Final = {"payload", "data", "users", "tickets", "audits"}
LEAVES: Final = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=20), st.just("2026-01-01T10:00:00Z")
)
SIGNS: Final = st.text(alphabet="0123456789/.-:,[] \n\u200eapmAPMklo~+Rosa<>\u202f\x00\ud83d", max_size=120)


def values(source: str) -> st.SearchStrategy[Any]:
    """Return a strategy of JSON values: the source's objects with some fields replaced, and nests of its names."""
    names = sorted(
        {name for seed in SEEDS[source] for name in seed} | {"payload", "data", "users", "tickets", "audits"}
    )
    nests = st.recursive(
        LEAVES, lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.sampled_from(names), inner)),
        max_leaves=8,
    )  # fmt: skip
    bent = st.builds(
        lambda seed, news: {**seed, **news},
        st.sampled_from(SEEDS[source]),
        st.dictionaries(st.sampled_from(names), nests, max_size=3),
    )
    return st.one_of(bent, nests)


def inputs_of(source: str) -> st.SearchStrategy[bytes]:
    """Return a strategy of files: cut, spliced, or noise."""
    if source == "whatsapp":
        whole = st.lists(st.one_of(st.sampled_from(WHATSAPP.splitlines(keepends=True)), SIGNS), max_size=8).map(
            lambda parts: "".join(parts).encode("utf-8", "surrogatepass")
        )
    else:
        whole = st.lists(values(source), max_size=3).map(lambda some: lines(*some).encode())
        whole = st.one_of(whole, values(source).map(lambda one: json.dumps([one], indent=1).encode()))
    return bent(whole)


def read(source: str, data: bytes, path: Path) -> dict[str, int]:
    """Read a file as the command does; return how much of what came. Everything that came can be stored."""
    path.write_bytes(data)
    counts: Counter[str] = Counter()
    for item in items_of(Wanted(source, path, ["La Hoja"]), ZONE):
        counts[type(item).__name__] += 1
        if isinstance(item, Message):
            assert item.content.strip()
            assert "\x00" not in item.content + item.author + item.key
            (item.content + item.author + item.key + item.conversation).encode()
            assert item.at.tzinfo is not None
        elif isinstance(item, Person):
            assert item.external_id
            (item.external_id + item.name + item.email).encode()
        elif isinstance(item, Problem):
            assert item.message
    return dict(counts)


def main(count: int) -> None:
    """Run the long tier for every source, with so many inputs for each."""
    for source in SOURCES:
        told = long_tier(source, inputs_of(source), partial(read, source), count)
        sys.stdout.write(told + "\n")
        sys.stdout.flush()
