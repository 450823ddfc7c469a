"""Keeping the database in shape: statistics, bloated indexes, sessions that hang (commands.md, `optimize_database`).

On the operations role's connection, which may keep tables (`pg_maintain`) and end sessions, and define nothing.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from django.db import DatabaseError, connections
from django.utils.translation import gettext as _
from psycopg import sql

from tenants.scope import OPERATIONS

DEAD_SHARE: Final = 0.1
BLOATED_SHARE: Final = 0.4
SMALLEST_INDEX: Final = 1_000_000  # bytes; what a smaller one could give back is not worth its locks
LOCK_SECONDS: Final = 5
HANGING_MINUTES: Final = 5
LEFT_OVER: Final = re.compile(r"_cc(new|old)\d*$")  # the names that PostgreSQL gives them

TABLES: Final = """
SELECT relname, n_live_tup, n_dead_tup, n_mod_since_analyze, pg_total_relation_size(relid)
FROM pg_stat_user_tables WHERE schemaname = 'public' ORDER BY relname
"""
# A B-tree's leaves at its fill factor of 90 %, from the statistics of its columns: 8 bytes of head and 4 of pointer an
# entry, aligned to 8. Entries of equal keys share theirs, so a tree that looks bloated is.
INDEXES: Final = """
SELECT index.relname, pg_relation_size(index.oid) AS size, index.reltuples,
    (SELECT sum(coalesce(stats.avg_width, 8)) FROM pg_attribute AS column_ LEFT JOIN pg_stats AS stats
        ON stats.schemaname = 'public' AND stats.tablename = owner.relname AND stats.attname = column_.attname
     WHERE column_.attrelid = index.oid) AS width, described.indisvalid
FROM pg_index AS described
JOIN pg_class AS index ON index.oid = described.indexrelid JOIN pg_class AS owner ON owner.oid = described.indrelid
JOIN pg_am AS method ON method.oid = index.relam
WHERE owner.relnamespace = 'public'::regnamespace AND (method.amname = 'btree' OR NOT described.indisvalid)
ORDER BY index.relname
"""
HANGING: Final = """
SELECT pid, application_name, usename, extract(epoch FROM now() - state_change)::float8 AS idle FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid()
  AND state IN ('idle in transaction', 'idle in transaction (aborted)')
  AND state_change < now() - %s * interval '1 minute' ORDER BY state_change
"""
PREPARED: Final = """
SELECT gid, owner, extract(epoch FROM now() - prepared)::float8 FROM pg_prepared_xacts
WHERE database = current_database() AND prepared < now() - %s * interval '1 minute' ORDER BY prepared
"""
# Making an index anew waits for whatever began before it, and leaves half an index behind when it gives up.
IN_THE_WAY: Final = """
SELECT application_name, extract(epoch FROM now() - xact_start)::int FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'
  AND xact_start < now() - %s * interval '1 second' ORDER BY xact_start LIMIT 1
"""
SIZE: Final = "SELECT pg_relation_size(%s::regclass)"


@dataclass(frozen=True)
class Table:
    """A table as the statistics know it: rows, rows that are dead, rows changed since the last look, bytes."""

    name: str
    rows: int
    dead: int
    changed: int
    size: int

    @property
    def wants_vacuum(self) -> bool:
        """Tell whether more of it is dead than autovacuum ought to have left."""
        return self.dead > 1_000 and self.dead > DEAD_SHARE * self.rows


@dataclass(frozen=True)
class Index:
    """An index and how large it would be if it were made anew, in bytes; one that is not `valid` is of no use."""

    name: str
    size: int
    expected: int
    valid: bool

    @property
    def bloat(self) -> float:
        """Return the share of it that is empty."""
        return max(0.0, 1 - self.expected / self.size) if self.size else 0.0

    @property
    def is_left_over(self) -> bool:
        """Tell whether an attempt to make another index anew left it: only its table's owner can remove it."""
        return not self.valid and LEFT_OVER.search(self.name) is not None

    @property
    def wants_rebuilding(self) -> bool:
        """Tell whether making it anew gives back what it costs."""
        if self.is_left_over:
            return False
        return not self.valid or (self.size >= SMALLEST_INDEX and self.bloat >= BLOATED_SHARE)


@dataclass(frozen=True)
class Rebuilt:
    """What making an index anew came to, in bytes; `error` when it could not be."""

    name: str
    before: int
    after: int
    error: str = ""


@dataclass(frozen=True)
class Hanging:
    """A session in a transaction that does nothing, or a prepared transaction nobody ends; age in seconds."""

    what: str
    who: str
    age: float
    pid: int | None


def tables() -> list[Table]:
    """Return the installation's tables by name."""
    return [Table(*row) for row in _ask(TABLES)]


def refresh_statistics(found: list[Table]) -> Iterator[Table]:
    """Count each table's values anew for the planner, and free the dead rows of those with many; yield each, done."""
    for table in found:
        verb = "VACUUM (ANALYZE, SKIP_LOCKED)" if table.wants_vacuum else "ANALYZE (SKIP_LOCKED)"
        _do(sql.SQL(verb + " {}").format(sql.Identifier(table.name)))
        yield table


def indexes() -> list[Index]:
    """Return the B-trees with what they ought to weigh, and whatever is invalid."""
    return [Index(name, size, _expected(rows, width or 8), valid) for name, size, rows, width, valid in _ask(INDEXES)]


def _expected(rows: float, width: float) -> int:
    entry = (8 + int(width) + 7) // 8 * 8 + 4
    return int(max(rows, 0) * entry / 0.9) + 2 * 8192


def rebuild(found: list[Index]) -> Iterator[Rebuilt]:
    """Make indexes anew beside the old ones, which are used meanwhile; one that would wait 5 s for a lock is left."""
    for index in found:
        if in_the_way := _ask(IN_THE_WAY, [LOCK_SECONDS]):
            ((who, age),) = in_the_way
            held = _("A transaction of %(who)s has lasted %(age)d s: try again once it has ended.")
            yield Rebuilt(index.name, index.size, index.size, held % {"who": who or "?", "age": age})
            continue
        name = sql.Identifier(index.name)
        try:
            _do(sql.SQL("SET lock_timeout = {}").format(sql.Literal(f"{LOCK_SECONDS}s")))
            _do(sql.SQL("REINDEX INDEX CONCURRENTLY {}").format(name))
        except DatabaseError as error:
            yield Rebuilt(index.name, index.size, index.size, str(error).splitlines()[0])
        else:
            ((after,),) = _ask(SIZE, [f'"{index.name}"'])
            yield Rebuilt(index.name, index.size, after)
        finally:
            _do(sql.SQL("RESET lock_timeout"))


def hanging() -> list[Hanging]:
    """Return sessions that have done nothing in their transaction for five minutes, and prepared ones of that age."""
    sessions = [
        Hanging("session", f"{name or user}", idle, pid) for pid, name, user, idle in _ask(HANGING, [HANGING_MINUTES])
    ]
    prepared = [
        Hanging("prepared", f"{gid} ({owner})", age, None) for gid, owner, age in _ask(PREPARED, [HANGING_MINUTES])
    ]
    return [*sessions, *prepared]


def end_hanging(found: list[Hanging]) -> int:
    """End sessions that hang; return how many. A prepared transaction may be somebody's: it is told alone."""
    ended = 0
    for each in found:
        if each.pid is not None:
            ((was_ended,),) = _ask("SELECT pg_terminate_backend(%s)", [each.pid])
            ended += bool(was_ended)
    return ended


def _ask(statement: str, values: list[Any] | None = None) -> list[tuple[Any, ...]]:
    with connections[OPERATIONS].cursor() as cursor:
        cursor.execute(statement, values)
        rows: list[tuple[Any, ...]] = cursor.fetchall()
        return rows


def _do(statement: sql.Composable) -> None:
    with connections[OPERATIONS].cursor() as cursor:
        cursor.execute(statement)
