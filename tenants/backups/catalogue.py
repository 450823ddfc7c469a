"""What PostgreSQL says of the tables: their columns, their keys, their sequences."""

from dataclasses import dataclass
from typing import Any, Final

from psycopg import sql

from tenants.backups.connecting import Connection

# Generated columns are left out: they are computed again. Texts are ordered byte by byte, as every server can.
TABLES: Final = """
SELECT c.relname,
    array_agg(a.attname::text ORDER BY a.attnum) FILTER (WHERE a.attgenerated = ''),
    (SELECT array_agg(k.attname::text ORDER BY array_position(i.indkey::int2[], k.attnum))
     FROM pg_index i JOIN pg_attribute k ON k.attrelid = i.indrelid AND k.attnum = ANY(i.indkey)
     WHERE i.indrelid = c.oid AND i.indisprimary),
    array_agg(a.attname::text) FILTER (WHERE a.attcollation <> 0)
FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition
GROUP BY c.oid, c.relname ORDER BY c.relname
"""
SEQUENCES: Final = "SELECT sequencename, last_value FROM pg_sequences WHERE schemaname = 'public' ORDER BY sequencename"
HEADS: Final = "SELECT app, name FROM django_migrations ORDER BY app, name"
TRUE: Final = sql.SQL("true")


@dataclass(frozen=True)
class Table:
    """A table with the columns that are stored; `key` is its primary key, or all columns where it has none."""

    name: str
    columns: tuple[str, ...]
    key: tuple[str, ...]
    texts: frozenset[str]

    @property
    def is_tenants(self) -> bool:
        """Whether its rows belong to tenants."""
        return "tenant_id" in self.columns

    @property
    def listed(self) -> sql.Composed:
        """Return the columns for SQL."""
        return sql.SQL(", ").join(map(sql.Identifier, self.columns))

    @property
    def order(self) -> sql.Composed:
        """Return the order by its key, the same on every server."""
        plain, text = sql.SQL("{}"), sql.SQL('{} COLLATE "C"')
        parts = [(text if name in self.texts else plain).format(sql.Identifier(name)) for name in self.key]
        return sql.SQL(", ").join(parts)

    def copy_out(self, where: sql.Composable = TRUE) -> sql.Composed:
        """Return the statement that streams its rows, or some of them."""
        return sql.SQL("COPY (SELECT {} FROM {} AS t WHERE {} ORDER BY {}) TO STDOUT").format(
            self.listed, sql.Identifier("public", self.name), where, self.order
        )

    def copy_in(self, into: sql.Composable | None = None) -> sql.Composed:
        """Return the statement that takes such a stream."""
        target = into or sql.Identifier("public", self.name)
        return sql.SQL("COPY {} ({}) FROM STDIN").format(target, self.listed)


def tables(connection: Connection) -> list[Table]:
    """Return every table, by name."""
    found = connection.execute(TABLES).fetchall()
    return [
        Table(name, tuple(columns), tuple(key or columns), frozenset(texts or ()))
        for name, columns, key, texts in found
    ]


def sequences(connection: Connection) -> dict[str, int]:
    """Return the last value of every sequence that has given one."""
    return {name: value for name, value in connection.execute(SEQUENCES).fetchall() if value is not None}


def heads(connection: Connection) -> dict[str, list[str]]:
    """Return the migrations that are applied, by app."""
    applied: dict[str, list[str]] = {}
    for app, name in connection.execute(HEADS).fetchall():
        applied.setdefault(app, []).append(name)
    return applied


def count(connection: Connection, table: Table, where: sql.Composable = TRUE) -> int:
    """Return how many rows a table has."""
    row: Any = connection.execute(
        sql.SQL("SELECT count(*) FROM {} AS t WHERE {}").format(sql.Identifier("public", table.name), where)
    ).fetchone()
    return int(row[0])
