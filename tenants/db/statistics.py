"""What PostgreSQL knows of its tables, kept in step while much comes in at once.

Of a tenant that came after its last count it expects one row, and then plans to read all of the tenant's rows again for
each of them: ten thousand messages cost minutes. Autovacuum counts a table when some part of it has changed, which is
long after a tenant of a large installation has its rows.
"""

from collections import Counter
from functools import partial
from typing import Final

from django.db import connections, transaction
from psycopg import sql

from tenants.scope import OPERATIONS

FIRST: Final = 5_000
_came: Counter[str] = Counter()
_counted: Counter[str] = Counter()


def grown(table: str, rows: int) -> None:
    """Note rows that the caller's transaction stores in bulk.

    Once it is committed the table is counted anew, if twice as many came through this process as at the last time, and
    at least FIRST. A count that fails is in the log: what was stored is stored.
    """
    transaction.on_commit(partial(_note, table, rows), robust=True)


def _note(table: str, rows: int) -> None:
    _came[table] += rows
    if _came[table] < max(FIRST, 2 * _counted[table]):
        return
    _counted[table] = _came[table]
    with connections[OPERATIONS].cursor() as cursor:  # which may keep tables (pg_maintain)
        cursor.execute(sql.SQL("ANALYZE (SKIP_LOCKED) {}").format(sql.Identifier(table)))
