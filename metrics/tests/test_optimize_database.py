"""Keeping the database in shape: statistics, indexes, hanging sessions, slow statements."""

import io
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
import pytest
from django.core.management import CommandError, call_command
from django.db import connections

from metrics.services import database_care, slow_statements
from metrics.services.database_care import Index, Table
from metrics.services.slow_statements import without_values
from tenants.scope import OPERATIONS
from tests.support.database import owner_connection

in_database = pytest.mark.django_db(transaction=True, databases=["default", "operations"])


def database() -> str:
    """Return the suite's database."""
    return str(connections["default"].settings_dict["NAME"])


def run(**options: Any) -> dict[str, Any]:
    """Run the command; return its answer."""
    out = io.StringIO()
    call_command("optimize_database", json=True, no_progress=True, stdout=out, **options)
    told: dict[str, Any] = json.loads(out.getvalue())
    return told


@pytest.fixture(autouse=True)
def _short_look(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("metrics.management.commands.optimize_database.LOOK_SECONDS", 0.3)


@pytest.fixture
def bloated() -> Iterator[str]:
    """An index of which most is empty, on a table of its own."""
    with owner_connection(database()) as owner:
        owner.execute("CREATE TABLE padded (id bigint)")
        owner.execute("INSERT INTO padded SELECT * FROM generate_series(1, 200000)")
        owner.execute("CREATE INDEX padded_by_id ON padded (id)")
        owner.execute("DELETE FROM padded WHERE id % 20 <> 0")
        owner.execute("VACUUM (ANALYZE) padded")
        try:
            yield "padded_by_id"
        finally:
            owner.execute("DROP TABLE padded")


@in_database
def test_a_bloated_index_is_found_and_made_small(bloated: str) -> None:
    (wanted,) = [row for row in run(reindex=True, dry_run=True)["reindex"]["indexes"] if row["name"] == bloated]
    assert wanted["bloat"] > 0.8
    told = run(reindex=True)["reindex"]
    (row,) = [row for row in told["indexes"] if row["name"] == bloated]
    assert row["after"] < row["before"] / 5
    assert told["gained"] >= row["before"] - row["after"]
    assert [row for row in run(reindex=True)["reindex"]["indexes"] if row["name"] == bloated] == []


@in_database
def test_an_index_that_cannot_be_locked_is_left_and_fails_the_run(
    bloated: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database_care, "LOCK_SECONDS", 1)
    with owner_connection(database()) as owner, owner.transaction():
        owner.execute("LOCK TABLE padded IN SHARE UPDATE EXCLUSIVE MODE")
        with pytest.raises(CommandError, match=f"could not be rebuilt: .*{bloated}"):
            run(reindex=True)


@in_database
def test_behind_a_long_transaction_no_index_is_begun_that_would_be_left_half_made(
    bloated: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database_care, "LOCK_SECONDS", 1)
    halves = "SELECT count(*) FROM pg_index WHERE NOT indisvalid"
    with owner_connection(database()) as other, owner_connection(database()) as owner, owner.transaction():
        owner.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        owner.execute("SELECT pg_sleep(1.1)")
        with pytest.raises(CommandError, match=f"could not be rebuilt: .*{bloated}"):
            run(reindex=True)
        assert other.execute(halves).fetchone() == (0,)


@in_database
def test_statistics_are_refreshed_and_dead_rows_freed() -> None:
    with owner_connection(database()) as owner:
        owner.execute("CREATE TABLE worn (id bigint) WITH (autovacuum_enabled = off)")
        owner.execute("INSERT INTO worn SELECT * FROM generate_series(1, 20000)")
        owner.execute("DELETE FROM worn WHERE id % 2 = 0")
        owner.execute("SELECT pg_stat_force_next_flush()")
        try:
            told = run(analyze=True)["analyze"]
            assert told["vacuumed"] == ["worn"]
            assert told["tables"] > 40
            analyzed = owner.execute("SELECT last_analyze IS NOT NULL FROM pg_stat_user_tables WHERE relname = 'worn'")
            assert analyzed.fetchone() == (True,)
        finally:
            owner.execute("DROP TABLE worn")


@contextmanager
def hanging_session() -> Iterator[Any]:
    """Keep a transaction open in which nothing happens."""
    with owner_connection(database()) as session:
        session.execute("BEGIN")
        session.execute("SELECT 1")
        yield session


@in_database
def test_a_transaction_that_hangs_is_told_by_a_dry_run_and_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database_care, "HANGING_MINUTES", 0)
    connections["default"].close()
    with hanging_session() as session:
        assert run(analyze=True, dry_run=True)["analyze"]["ended"] == 0
        session.execute("SELECT 1")
        assert run(analyze=True)["analyze"]["ended"] == 1
        with pytest.raises(psycopg.OperationalError):
            session.execute("SELECT 1")
        session.close()


@in_database
def test_one_that_is_young_is_left() -> None:
    with hanging_session() as session:
        assert run(analyze=True)["analyze"]["hanging"] == []
        session.execute("SELECT 1")
        session.execute("ROLLBACK")


@in_database
def test_a_slow_statement_is_told_without_what_somebody_wrote() -> None:
    def sleep() -> None:
        with owner_connection(database()) as owner:
            owner.execute("SELECT pg_sleep(1.5), 'my tooth hurts', E'it\\'s', 4711")

    slow = threading.Thread(target=sleep)
    slow.start()
    try:
        found = slow_statements.slow_statements(seconds=1.2)
    finally:
        slow.join()
    assert [row.text for row in found if "pg_sleep" in row.text] == ["SELECT pg_sleep(?), ?, ?, ?"]


KEPT = """
CREATE TEMP TABLE pg_stat_statements AS SELECT query, 3::bigint AS calls, 1000.0::float8 AS mean_exec_time,
    2000.0::float8 AS max_exec_time, total::float8 AS total_exec_time, pg_database.oid AS dbid
FROM (VALUES ('SELECT content FROM chats_contentchatmodel WHERE id = $1 AND content <> $2', 3000, current_database()),
    ('ALTER ROLE somebody PASSWORD ''secret''', 9, current_database()), ('SELECT elsewhere', 9, 'postgres')
) AS told (query, total, name) JOIN pg_database ON datname = name
"""


@in_database
def test_what_the_server_keeps_is_told_with_its_plan(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(slow_statements, "HAS_STATEMENTS", "SELECT true")
    with connections[OPERATIONS].cursor() as cursor:
        cursor.execute(KEPT)
        try:
            first, second = slow_statements.slow_statements(seconds=0)
        finally:
            cursor.execute("DROP TABLE pg_stat_statements")
    assert first.text == "SELECT content FROM chats_contentchatmodel WHERE id = ? AND content <> ?"
    assert (first.calls, first.mean, first.longest, first.total) == (3, 1.0, 2.0, 3.0)
    assert "Index" in first.plan
    assert (second.text, second.plan) == ("ALTER ROLE somebody PASSWORD ?", "")


@in_database
def test_a_server_without_the_library_keeps_nothing() -> None:
    assert slow_statements.has_statements() is False


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("SELECT 'it''s me'", "SELECT ?"),
        ("SELECT E'a\\'b' , $$my tooth$$", "SELECT ? , ?"),
        ("SELECT $a$ 'x' $$ $a$ || name2", "SELECT ? || name2"),
        ("SELECT 'cut in the mid", "SELECT ?"),
        ("SELECT $$cut too", "SELECT ?"),
        ("WHERE id = $12 AND x = $3", "WHERE id = ? AND x = ?"),
        ("WHERE id = 12\n AND x = 1.5", "WHERE id = ? AND x = ?"),
    ],
)
def test_values_are_taken_out_of_statements(text: str, shown: str) -> None:
    assert without_values(text) == shown


def test_only_what_is_worth_it_is_rebuilt() -> None:
    assert not Index("small", 500_000, 1_000, valid=True).wants_rebuilding
    assert not Index("full", 5_000_000, 4_000_000, valid=True).wants_rebuilding
    assert Index("broken", 500_000, 500_000, valid=False).wants_rebuilding
    assert not Index("padded_ccnew", 500_000, 500_000, valid=False).wants_rebuilding
    assert Index("padded_ccold1", 500_000, 500_000, valid=False).is_left_over
    assert not Index("padded_ccnew", 500_000, 500_000, valid=True).is_left_over
    assert not Table("few", rows=10, dead=900, changed=0, size=1).wants_vacuum


@in_database
def test_without_options_all_of_it_is_done_and_told() -> None:
    assert {*run(dry_run=True)} == {"dry_run", "analyze", "reindex", "slow_queries"}
    out = io.StringIO()
    call_command("optimize_database", dry_run=True, lang="es", stdout=out)
    assert "Estadísticas:" in out.getvalue()
