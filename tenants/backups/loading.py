"""Filling an empty database from a backup: the schema, the rows, then indexes, keys, triggers and policies."""

from collections.abc import Callable, Sequence
from typing import Any

import psycopg
from django.utils.translation import gettext as _
from psycopg import sql

from tenants.backups import catalogue
from tenants.backups.catalogue import Table
from tenants.backups.connecting import Connection, connect
from tenants.backups.container import Reader
from tenants.backups.errors import BackupError, DamagedError
from tenants.backups.manifest import Part
from tenants.backups.snapshot import SCHEMA_AFTER, SCHEMA_BEFORE, TABLE_PREFIX

Told = Callable[[str], None]


Change = Callable[[Connection, Reader, Told], None]


def load(readers: Sequence[Reader], known: dict[str, Any], told: Told, change: Change) -> None:
    """Fill the database that `known` (the owner's address) leads to; BackupError when anything does not fit.

    `readers` are a full backup and its increments in order, which `change` applies one by one.
    """
    reader, last = readers[0], readers[-1]
    with connect(known) as connection:
        connection.execute("SET synchronous_commit = off")  # until it is in its place nobody misses it
        connection.execute("SET maintenance_work_mem = '256MB'")
        connection.execute("SET check_function_bodies = off")
        try:
            _run(connection, reader.text(SCHEMA_BEFORE))
            for part in reader.manifest.under(TABLE_PREFIX):
                load_rows(connection, reader, part)
                told(part.name.removeprefix(TABLE_PREFIX))
            for increment in readers[1:]:
                change(connection, increment, told)
            set_sequences(connection, last.manifest.sequences)
            _run(connection, last.text(SCHEMA_AFTER))
        except psycopg.Error as error:
            raise BackupError(
                _("The backup does not fit this server: %(reason)s") % {"reason": str(error).strip().splitlines()[0]}
            ) from error
        connection.execute("SET synchronous_commit = on")
        connection.execute("ANALYZE")
        connection.execute("CHECKPOINT") if _may_checkpoint(connection) else None


def _run(connection: Connection, script: str) -> None:
    """Run a script of many statements as one transaction; it leaves no setting behind (pg_dump empties the path)."""
    with connection.transaction():
        connection.execute(script.encode())
    connection.execute("RESET search_path")
    connection.execute("RESET row_security")


def _may_checkpoint(connection: Connection) -> bool:
    row: Any = connection.execute("SELECT pg_has_role('pg_checkpoint', 'USAGE')").fetchone()
    return bool(row[0])


def load_rows(
    connection: Connection, reader: Reader, part: Part, into: sql.Composable | None = None, name: str = ""
) -> None:
    """Copy a part's rows into its table, or into another one of its shape; DamagedError when they are not as many."""
    table = Table(name or part.name.removeprefix(TABLE_PREFIX), part.columns, part.columns[:1], frozenset())
    with connection.cursor() as cursor:
        with cursor.copy(table.copy_in(into)) as copy:
            for piece in reader.read(part):
                copy.write(piece)
        if cursor.rowcount != part.rows:
            raise DamagedError(
                _("The table %(table)s has %(found)d rows in place of %(told)d.")
                % {"table": table.name, "found": cursor.rowcount, "told": part.rows}
            )


def set_sequences(connection: Connection, values: dict[str, int]) -> None:
    """Let every sequence go on where it stood."""
    for name, value in values.items():
        connection.execute("SELECT setval(%s::regclass, %s)", [f'public."{name}"', value])


def refuse_other_counts(connection: Connection, counts: dict[str, int]) -> None:
    """Raise DamagedError where a table has not as many rows as the backup says."""
    for table in catalogue.tables(connection):
        found = catalogue.count(connection, table)
        if found != counts.get(table.name, 0):
            raise DamagedError(
                _("The table %(table)s has %(found)d rows in place of %(told)d.")
                % {"table": table.name, "found": found, "told": counts.get(table.name, 0)}
            )
