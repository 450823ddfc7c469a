"""Increments (decision 16): what changed since the backup before, and which rows are gone.

What changed is known by PostgreSQL itself: every row carries the transaction that wrote it (`xmin`), and a mark is the
oldest transaction that the backup before did not see as ended. Which rows are gone is in the `Deletion` ledger, which
triggers write. Marks mean something in one database alone, and for half of the numbers' circle.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from django.utils.translation import gettext as _
from psycopg import sql

from tenants.backups import catalogue
from tenants.backups.catalogue import Table
from tenants.backups.connecting import Connection
from tenants.backups.container import Reader, Writer, gathered
from tenants.backups.errors import BackupError
from tenants.backups.files import found
from tenants.backups.loading import Told, load_rows
from tenants.backups.manifest import Manifest
from tenants.backups.snapshot import TABLE_PREFIX, Snapshot, write_rows, write_schema

FULL: Final = "full"
DELETIONS: Final = "deletions"
LONGEST_CHAIN: Final = timedelta(days=7)
FARTHEST: Final = 2**30
# Superset and never less: a row from the other half of the circle is taken along again, which does no harm.
CHANGED: Final = "((t.xmin::text::bigint - {mark}) & 4294967295) < 2147483648"
GONE: Final = "COPY (SELECT table_name, key FROM tenants_deletion WHERE xid >= {mark}::xid8 ORDER BY id) TO STDOUT"


@dataclass(frozen=True)
class Base:
    """The backup that an increment follows; `manifest` is None, and `reason` says why, where it must be a full one."""

    manifest: Manifest | None
    reason: str = ""


def base_for(shot: Snapshot, kind: str) -> Base:
    """Return the newest backup of a kind that an increment may follow."""
    kinds = {kind, FULL}  # one of everything holds the database too
    there = [one.manifest for one in found() if one.manifest and one.manifest.counts and not one.manifest.tenant]
    wanted = [manifest for manifest in there if manifest.kind in kinds]
    if not wanted:
        return Base(None, _("There is no backup that it could follow."))
    newest = wanted[0]
    known = {manifest.id: manifest for manifest in wanted}
    first = newest
    while first.base:
        if first.base not in known:
            return Base(None, _("The backup before the last one is gone."))
        first = known[first.base]
    if datetime.fromisoformat(first.made_at) < datetime.now(tz=UTC) - LONGEST_CHAIN:
        return Base(None, _("The last full one is a week old."))
    if newest.heads != catalogue.heads(shot.connection):
        return Base(None, _("The database was migrated since."))
    here = shot.database()
    if any(newest.database.get(name) != here[name] for name in ("oid", "system")):
        return Base(None, _("The last one is of another database, or of the time before a restore."))
    if int(shot.mark) - int(newest.mark) > FARTHEST:
        return Base(None, _("Too much happened since the last one."))
    return Base(newest)


def write_increment(writer: Writer, shot: Snapshot, base: Manifest, told: Told) -> dict[str, int]:
    """Write what changed since a backup; return how many rows each table has as a whole."""
    write_schema(writer, shot)
    mark = sql.Literal(int(base.mark))
    with shot.connection.cursor() as cursor, cursor.copy(sql.SQL(GONE).format(mark=sql.Literal(base.mark))) as copy:
        writer.add(DELETIONS, gathered(copy), columns=("table_name", "key"))
    changed = sql.SQL(CHANGED).format(mark=mark)
    counts = {}
    for table in shot.tables():
        counts[table.name] = catalogue.count(shot.connection, table)
        write_rows(writer, shot, table, changed)
        told(table.name)
    return counts


def chain_of(path: Path, manifest: Manifest) -> list[Path]:
    """Return the files that a backup stands on, the full one first; BackupError when one is not beside it."""
    beside: dict[str, tuple[Path, Manifest]] = {}
    if manifest.base:
        beside = {one.manifest.id: (one.path, one.manifest) for one in found(path.parent) if one.manifest}
    chain = [path]
    while manifest.base:
        if manifest.base not in beside:
            raise BackupError(
                _("This increment follows the backup %(id)s, which is not in %(folder)s.")
                % {"id": manifest.base, "folder": path.parent}
            )
        before, manifest = beside[manifest.base]
        chain.insert(0, before)
    return chain


def apply(connection: Connection, reader: Reader, told: Told) -> None:
    """Bring the tables of a database without keys and triggers from the backup before to this increment."""
    tables = {table.name: table for table in _with_keys(connection, reader.manifest)}
    connection.execute("CREATE TEMP TABLE gone (table_name text, key text)")
    part = reader.manifest.part(DELETIONS)
    with connection.cursor() as cursor, cursor.copy("COPY gone FROM STDIN") as copy:
        for piece in reader.read(part):
            copy.write(piece)
    names: list[tuple[Any, ...]] = connection.execute("SELECT DISTINCT table_name FROM gone").fetchall()
    for (name,) in names:
        if name in tables:
            connection.execute(
                sql.SQL("DELETE FROM {} AS t USING gone WHERE gone.table_name = {} AND t.{}::text = gone.key").format(
                    sql.Identifier("public", name), sql.Literal(name), sql.Identifier(tables[name].key[0])
                )
            )
    connection.execute("DROP TABLE gone")
    for changed in reader.manifest.under(TABLE_PREFIX):
        if changed.rows:
            _merge(connection, reader, tables[changed.name.removeprefix(TABLE_PREFIX)], changed.name)
        told(changed.name)


def _with_keys(connection: Connection, manifest: Manifest) -> list[Table]:
    """Return the tables with their keys as the manifest has them: the constraints come last."""
    return [
        Table(table.name, table.columns, tuple(manifest.keys[table.name]), table.texts)
        for table in catalogue.tables(connection)
        if table.name in manifest.keys
    ]


def _merge(connection: Connection, reader: Reader, table: Table, part: str) -> None:
    target, staged = sql.Identifier("public", table.name), sql.Identifier("staged")
    connection.execute(
        sql.SQL("CREATE TEMP TABLE staged AS SELECT {} FROM {} WITH NO DATA").format(table.listed, target)
    )
    load_rows(connection, reader, reader.manifest.part(part), into=staged)
    same = sql.SQL(" AND ").join(
        sql.SQL("t.{} = s.{}").format(sql.Identifier(name), sql.Identifier(name)) for name in table.key
    )
    connection.execute(sql.SQL("DELETE FROM {} AS t USING {} AS s WHERE {}").format(target, staged, same))
    connection.execute(
        sql.SQL("INSERT INTO {} ({}) OVERRIDING SYSTEM VALUE SELECT {} FROM {}").format(
            target, table.listed, table.listed, staged
        )
    )
    connection.execute("DROP TABLE staged")
