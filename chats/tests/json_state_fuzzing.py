"""Inputs for the migration of JSON state by hypothesis: the two files, bent.

By hand, the long tier (no crash, nothing slower than 2 s, less than 256 MB):

    manage.py shell -c "from chats.tests.json_state_fuzzing import main; main(100_000)"
"""

import json
import sys
from collections import Counter
from functools import partial
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

from chats.services.json_state.people import People
from chats.services.json_state.reading import GUESTS, THREADS, NotStateError, entries_of, read_file
from chats.tests.json_state_files import GUESTS as GUEST_FILE
from chats.tests.json_state_files import JUAN
from chats.tests.json_state_files import THREADS as THREAD_FILE
from tests.support.fuzzing import bent, long_tier

ZONE: Final = ZoneInfo("America/Bogota")
NAMES: Final = ["threadId", "chatId", "userName", "lastActivity", "name", "labels", "lastInteraction", "lastVoiceInput",
                "preferences", "json_state"]  # fmt: skip
LEAVES: Final = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=20),
    st.sampled_from(["2025-01-27", "0001-01-01", "9999-12-31T23:59:59", "2025-02-30", "thread_abc123", "\x00",
                     "\ud800"]),
)  # fmt: skip
NESTS: Final = st.recursive(
    LEAVES, lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.sampled_from(NAMES), inner)),
    max_leaves=6,
)  # fmt: skip


def inputs_of(kind: str) -> "st.SearchStrategy[bytes]":
    """Return a strategy of files of a kind."""
    seed = {THREADS: THREAD_FILE, GUESTS: GUEST_FILE}[kind][JUAN]
    changed = st.dictionaries(st.sampled_from(NAMES), NESTS, max_size=3)
    entries = st.one_of(changed.map(lambda news: {**seed, **news}), NESTS)
    keys = st.one_of(st.sampled_from([JUAN, "573007654321"]), st.text(max_size=12))
    return bent(st.dictionaries(keys, entries, max_size=3).map(lambda told: json.dumps(told).encode()))


def read(kind: str, data: bytes, path: Path) -> dict[str, int]:
    """Read a file as the command does; return how much of what came. Every person can be stored."""
    path.write_bytes(data)
    people = People(ZONE)
    try:
        people.add_all(entries_of(read_file(kind, path)))
    except NotStateError as error:
        assert str(error)
        return {"refused": 1}
    for bad in people.bad:
        f"{bad.key}{bad.message}".encode()
        assert bad.message
    for person in people.by_id.values():
        texts = [person.external_id, person.name, person.chat_address, person.thread_id, *person.labels]
        told = "\n".join(texts) + json.dumps(person.preferences, ensure_ascii=False, allow_nan=False)
        told.encode()
        assert "\x00" not in told
    return dict(Counter(bad=len(people.bad), people=len(people.by_id)))


def main(count: int) -> None:
    """Run the long tier, half of the inputs for each of the two files."""
    for kind in (THREADS, GUESTS):
        told = long_tier(kind, inputs_of(kind), partial(read, kind), count // 2)
        sys.stdout.write(told + "\n")
        sys.stdout.flush()
