"""Under the policy `all`, what somebody wrote is nowhere in clear: no table, no key of Valkey, no log."""

import time
from pathlib import Path

import pytest
import redis

from tests.crash.conftest import Installation, Person, eventually

pytestmark = [pytest.mark.stack, pytest.mark.xdist_group("crash")]

SEEN, HIDDEN = "Wolpertinger", "Heffalump"
POLICY = """UPDATE tenants_tenantmodel SET settings = settings || '{"encryption_policy": "all"}'"""
TABLES = (
    "SELECT c.oid::regclass::text FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
    " WHERE n.nspname = 'public' AND c.relkind IN ('r', 'p', 'm')"
)


def tables_with(installation: Installation, word: str) -> set[str]:
    """Return the tables of which some row holds a word, in whatever column."""
    names = [name for (name,) in installation.rows(TABLES)]
    return {
        name
        for name in names
        if installation.rows(f"SELECT FROM {name} AS held WHERE held::text ILIKE %s LIMIT 1", f"%{word}%")
    }


def keys_with(installation: Installation, word: str) -> list[bytes]:
    """Return the keys of Valkey, of all its databases, that hold a word."""
    found = []
    for number in range(16):
        with redis.Redis.from_url(installation.servers.valkey.url, db=number) as client:
            client.config_set("rdbcompression", "no")
            found += [key for key in client.scan_iter() if word.encode().lower() in (client.dump(key) or b"").lower()]
    return found


def logs_with(installation: Installation, temporary: Path, word: str) -> list[Path]:
    """Return the log files that hold a word."""
    logs = [*temporary.rglob("*.log"), *installation.servers.postgres.log.parent.glob("*")]
    assert len(logs) > 2
    return [log for log in logs if log.is_file() and word.lower() in log.read_text(errors="replace").lower()]


def test_a_canary_is_in_no_table_no_broker_and_no_log(
    installation: Installation, person: Person, tmp_path_factory: pytest.TempPathFactory
) -> None:
    assert person.say(f"A {SEEN} bit me", "seen").status_code == 201
    eventually(person.is_answered_to_the_end, "an answer")
    assert "chats_contentchatmodel" in tables_with(installation, SEEN)  # the look itself finds what is there
    installation.rows(POLICY + " RETURNING id")
    time.sleep(6)  # settings are known for five seconds
    hidden = Person(installation)
    assert hidden.say(f"A {HIDDEN} bit me. Call 612 345 678, please!", "hidden").status_code == 201
    eventually(hidden.is_answered_to_the_end, "an answer")
    rated = hidden.client.post(
        f"/api/v1/chats/{hidden.chat_id}/rating/", json={"rating": 2, "comment": f"No {HIDDEN} at all"}
    )
    assert rated.status_code < 300, rated.text
    assert HIDDEN in hidden.messages()[0]["content"]
    assert tables_with(installation, HIDDEN) == set()
    assert keys_with(installation, HIDDEN) == []
    assert logs_with(installation, tmp_path_factory.getbasetemp(), HIDDEN) == []
