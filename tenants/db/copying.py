"""Many rows at once by COPY, within the tenant's policy.

PostgreSQL takes no COPY into a table whose policy binds the role. So rows are copied into a table of the transaction's
own and inserted from there: the policy sees each of them, and a row of another tenant is refused.
"""

from collections.abc import Iterable, Sequence
from typing import Any

from django.db import connection
from psycopg import sql

from tenants.db.statistics import grown


def copy_rows(table: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> int:
    """Insert rows in the caller's transaction and return how many; columns that are not named get their defaults.

    Values are given as PostgreSQL reads them: text, numbers, times, None; JSON as text. All rows are made before the
    first is sent, for making one may ask the database (for a key, a setting), and a connection that copies answers to
    nothing else.
    """
    made = list(rows)
    names = {
        "table": sql.Identifier(table),
        "incoming": sql.Identifier("pg_temp", f"incoming_{table}"[:63]),
        "columns": sql.SQL(", ").join(map(sql.Identifier, columns)),
    }
    with connection.cursor() as cursor:
        cursor.execute(
            _put("CREATE TEMPORARY TABLE {incoming} ON COMMIT DROP AS SELECT {columns} FROM {table} LIMIT 0", names)
        )
        with cursor.copy(_put("COPY {incoming} ({columns}) FROM STDIN", names)) as copy:
            for row in made:
                copy.write_row(row)
        cursor.execute(_put("INSERT INTO {table} ({columns}) SELECT {columns} FROM {incoming}", names))
        count: int = cursor.rowcount
        cursor.execute(_put("DROP TABLE {incoming}", names))
    grown(table, count)
    return count


def take_ids(table: str, count: int) -> list[int]:
    """Return ids of a table that nobody else gets, in rising order: for rows that others point to."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT nextval(pg_get_serial_sequence(%s, 'id')) FROM generate_series(1, %s)", [f'"{table}"', count]
        )
        return sorted(number for (number,) in cursor.fetchall())


def _put(statement: str, names: dict[str, sql.Composable]) -> sql.Composed:
    return sql.SQL(statement).format(**names)
