"""The slowest statements, with what people wrote left out.

From `pg_stat_statements` where the server has it, which keeps no values. Elsewhere by looking for a few seconds at what
runs; values stand in such a statement's text, so they are replaced before anybody sees it.
"""

import re
import time
from dataclasses import dataclass
from typing import Any, Final

from django.db import DatabaseError, connections, transaction

from tenants.scope import OPERATIONS

MOST: Final = 10
LOOKS_EVERY: Final = 0.1
RUNS_FOR: Final = 0.1  # seconds from which on a statement counts
LONGEST_TEXT: Final = 400
# The setting is there when the server loaded the library at its start; without that the view is there, and an error.
HAS_STATEMENTS: Final = """
SELECT EXISTS (SELECT FROM pg_extension WHERE extname = 'pg_stat_statements')
    AND current_setting('pg_stat_statements.max', true) IS NOT NULL
"""
STATEMENTS: Final = """
SELECT query, calls, mean_exec_time / 1000, max_exec_time / 1000, total_exec_time / 1000
FROM pg_stat_statements WHERE dbid = (SELECT oid FROM pg_database WHERE datname = current_database())
ORDER BY total_exec_time DESC LIMIT %s
"""
RUNNING: Final = """
SELECT query, pid, xact_start, query_start, extract(epoch FROM clock_timestamp() - query_start)::float8
FROM pg_stat_activity WHERE datname = current_database() AND state = 'active' AND pid <> pg_backend_pid()
  AND backend_type = 'client backend' AND query_start < clock_timestamp() - %s * interval '1 second'
"""
VALUE: Final = re.compile(
    r"(?:[EeBbXxNn]|U&)?'(?:[^'\\]|''|\\.)*'?|\$(\w*)\$.*?(?:\$\1\$|\Z)|\$?\b\d+(?:\.\d+)?\b", re.DOTALL
)
EXPLAINED: Final = ("select", "insert", "update", "delete", "with")


@dataclass(frozen=True)
class Statement:
    """A statement without its values: how often it was seen, seconds on average, at most and in total, and its plan."""

    text: str
    calls: int
    mean: float
    longest: float
    total: float
    plan: str = ""


def has_statements() -> bool:
    """Tell whether the server keeps figures of its statements."""
    ((found,),) = _ask(HAS_STATEMENTS)
    return bool(found)


def slow_statements(*, seconds: float) -> list[Statement]:
    """Return the statements that took most of the server's time, after `seconds` of looking where need be."""
    if has_statements():
        rows = _ask(STATEMENTS, [MOST])
        return [
            Statement(_shown(text), calls, mean, longest, total, _plan(text))
            for text, calls, mean, longest, total in rows
        ]
    return _looked_at(seconds)


def without_values(text: str) -> str:
    """Return a statement with every value in it replaced, on one line."""
    return " ".join(VALUE.sub("?", text).split())


def _shown(text: str) -> str:
    return without_values(text)[:LONGEST_TEXT]


def _looked_at(seconds: float) -> list[Statement]:
    runs: dict[tuple[Any, ...], tuple[str, float]] = {}
    until = time.monotonic() + seconds
    while True:
        for query, pid, _transaction, began, age in _ask(RUNNING, [RUNS_FOR]):
            runs[pid, began] = (_shown(query), age)
        if time.monotonic() >= until:
            break
        time.sleep(LOOKS_EVERY)
    times: dict[str, list[float]] = {}
    for text, age in runs.values():
        times.setdefault(text, []).append(age)
    found = [Statement(text, len(ages), sum(ages) / len(ages), max(ages), sum(ages)) for text, ages in times.items()]
    return sorted(found, key=lambda each: -each.total)[:MOST]


def _plan(text: str) -> str:
    """Return the plan for whatever values; empty for what has none."""
    if not text.lstrip().lower().startswith(EXPLAINED):
        return ""
    try:
        with transaction.atomic(using=OPERATIONS):
            rows = _ask("EXPLAIN (GENERIC_PLAN, COSTS OFF) " + text.replace("%", "%%"), [])
    except DatabaseError:
        return ""
    return "\n".join(row[0] for row in rows)


def _ask(statement: str, values: list[Any] | None = None) -> list[tuple[Any, ...]]:
    with connections[OPERATIONS].cursor() as cursor:
        cursor.execute(statement, values)
        rows: list[tuple[Any, ...]] = cursor.fetchall()
        return rows
