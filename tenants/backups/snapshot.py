"""Reading the whole database as it stood at one moment.

One transaction, REPEATABLE READ and READ ONLY: it has no transaction id, so the event feed goes on however long it
takes (decision 12); vacuum keeps what it may still see.
"""

from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from psycopg import sql

from tenants.backups import catalogue, tenant_rows
from tenants.backups.catalogue import Table
from tenants.backups.connecting import Connection, address, connect
from tenants.backups.container import Writer, gathered
from tenants.backups.programs import dump_schema

TABLE_PREFIX, NAMED_PREFIX = "table/", "named/"  # NAMED: rows of the installation that a tenant's rows point to
SCHEMA_BEFORE, SCHEMA_AFTER = "schema/pre-data", "schema/post-data"
# How values are written must not hang on the server's own settings: digests are compared between servers.
SAME_EVERYWHERE = """
SET LOCAL timezone = 'UTC'; SET LOCAL datestyle = 'ISO, YMD'; SET LOCAL intervalstyle = 'postgres';
SET LOCAL bytea_output = 'hex'; SET LOCAL extra_float_digits = 1; SET LOCAL client_encoding = 'UTF8';
SET LOCAL statement_timeout = 0; SET LOCAL idle_in_transaction_session_timeout = 0; SET LOCAL work_mem = '32MB'
"""
LEDGER = "tenants_deletion"
Told = Callable[[str], None]


@dataclass(frozen=True)
class Snapshot:
    """The database at one moment, seen past every policy (the operations role)."""

    connection: Connection
    known: dict[str, Any]
    name: str
    mark: str

    def tables(self) -> list[Table]:
        """Return its tables; the ledger of deletions means something here alone, and is left out."""
        return [table for table in catalogue.tables(self.connection) if table.name != LEDGER]

    def database(self) -> dict[str, Any]:
        """Return what tells this database from every other: marks mean something in it alone."""
        row: Any = self.connection.execute(
            "SELECT current_database(), (SELECT oid::bigint FROM pg_database WHERE datname = current_database()),"
            " (SELECT system_identifier::text FROM pg_control_system()), current_setting('server_version')"
        ).fetchone()
        return {"name": row[0], "oid": row[1], "system": row[2], "server": row[3]}

    def rows(self, table: Table, where: sql.Composable = catalogue.TRUE) -> Generator[bytes]:
        """Yield a table's rows as COPY writes them, many a piece: a line each, for it escapes line breaks."""
        with self.connection.cursor() as cursor, cursor.copy(table.copy_out(where)) as copy:
            yield from gathered(copy)

    def sum(self, table: Table) -> str:
        """Return a checksum of all rows of a table, whatever their order."""
        row: Any = self.connection.execute(
            sql.SQL("SELECT coalesce(sum(hashtextextended(ROW({})::text, 0)::numeric), 0)::text FROM {}").format(
                table.listed, sql.Identifier("public", table.name)
            )
        ).fetchone()
        return str(row[0])


@contextmanager
def snapshot(known: dict[str, Any] | None = None) -> Iterator[Snapshot]:
    """Open one on the installation's database, or on another one."""
    where = known or address()
    with connect(where, autocommit=False) as connection:
        connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        connection.execute(SAME_EVERYWHERE)
        row: Any = connection.execute(
            "SELECT pg_export_snapshot(), pg_snapshot_xmin(pg_current_snapshot())::text"
        ).fetchone()
        yield Snapshot(connection, where, *row)
        connection.rollback()


def write_database(writer: Writer, shot: Snapshot, told: Told) -> dict[str, int]:
    """Write the schema and all rows; return how many rows each table has."""
    write_schema(writer, shot)
    counts = {}
    for table in shot.tables():
        counts[table.name] = write_rows(writer, shot, table, catalogue.TRUE)
        told(table.name)
    return counts


def write_schema(writer: Writer, shot: Snapshot) -> None:
    """Write what makes the tables, and what is made when they are filled."""
    writer.add(SCHEMA_BEFORE, [dump_schema(shot.known, "pre-data", snapshot=shot.name).encode()])
    writer.add(SCHEMA_AFTER, [dump_schema(shot.known, "post-data", snapshot=shot.name).encode()])


def write_tenant(writer: Writer, shot: Snapshot, tenant_id: UUID, told: Told) -> dict[str, int]:
    """Write one tenant's rows and what they point to; return how many rows of each table are the tenant's."""
    for wanted in tenant_rows.named(shot.connection, tenant_id):
        write_rows(writer, shot, wanted.table, wanted.where, prefix=NAMED_PREFIX)
    counts = {}
    for wanted in [tenant_rows.itself(shot.connection, tenant_id), *tenant_rows.own(shot.connection, tenant_id)]:
        counts[wanted.table.name] = write_rows(writer, shot, wanted.table, wanted.where)
        told(wanted.table.name)
    return counts


def write_rows(
    writer: Writer, shot: Snapshot, table: Table, where: sql.Composable, *, prefix: str = TABLE_PREFIX
) -> int:
    """Write a part with some rows of a table; return how many."""
    rows = 0

    def counted(pieces: Iterable[bytes]) -> Iterator[bytes]:
        nonlocal rows
        for piece in pieces:
            rows += piece.count(b"\n")
            yield piece

    # Where writing fails, on a full disk: while rows come the connection takes no ROLLBACK, it would wait for ever.
    with closing(shot.rows(table, where)) as pieces:
        writer.add(prefix + table.name, counted(pieces), columns=table.columns)
    writer.counted(rows)
    return rows
