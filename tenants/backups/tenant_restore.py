"""Restoring one tenant into the running installation: all of its rows in one transaction, everybody else's untouched.

The rows are read into temporary tables first. Then one transaction removes what the tenant has and puts the backup's
rows there; it is as long as that takes, and the event feed waits for it (docs/backup.md).
"""

from contextlib import suppress
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg
from django.conf import settings
from django.utils.translation import gettext as _
from psycopg import sql

from tenants.backups import catalogue, media, tenant_rows
from tenants.backups.connecting import Connection, address, connect, owner_address
from tenants.backups.container import Reader
from tenants.backups.errors import BackupError
from tenants.backups.loading import load_rows
from tenants.backups.making import Told, silent
from tenants.backups.manifest import Manifest
from tenants.backups.quarantine import hold_tenants
from tenants.backups.restoring import Restored, after_restore, read_whole, refuse_unfit
from tenants.backups.snapshot import NAMED_PREFIX, TABLE_PREFIX
from tenants.models import TenantModel
from tenants.signals import data_restored


def restore_tenant(path: Path, name: str, *, told: Told = silent) -> Restored:
    """Put a tenant back to where a backup of it, or of everything, has it; BackupError says why nothing was changed."""
    with Reader(path) as reader:
        refuse_unfit(reader.manifest)
        refuse_other_tenant(reader.manifest, name)
        read_whole(reader)
        with connect(address()) as connection:
            if catalogue.heads(connection) != reader.manifest.heads:
                raise BackupError(
                    _("This backup is of another version: only a backup of this version can give one tenant back.")
                )
            tenant_id = _staged(connection, reader, name, told)
            rows, held = _replaced(connection, tenant_id)
        _let_sequences_follow()
        done = Restored(reader.manifest, address()["dbname"], rows=rows, held=held)
        done.steps = after_restore(reader.manifest.id, [TenantModel.objects.get(pk=tenant_id)])
        for part in reader.manifest.under(media.PART):
            done.files = media.put_back(reader.read(part), told, only_below=str(tenant_id))
        data_restored.send(sender=Manifest, backup_id=reader.manifest.id, tenant_ids=[tenant_id])
    return done


def refuse_other_tenant(manifest: Manifest, name: str) -> None:
    """Raise BackupError where the backup is of another tenant alone, or of changes alone."""
    if manifest.tenant and manifest.tenant["name"] != name:
        raise BackupError(_("This backup is of the tenant “%(other)s”.") % {"other": manifest.tenant["name"]})
    if manifest.base:
        raise BackupError(_("An increment holds changes alone: restore the tenant from a full backup."))


def _staged_name(table: str) -> sql.Identifier:
    return sql.Identifier("pg_temp", f"staged_{table}"[:63])


def _staged(connection: Connection, reader: Reader, name: str, told: Told) -> UUID:
    """Read the backup's rows into temporary tables; return the tenant's id there."""
    connection.execute("SET temp_buffers = '64MB'")
    named = tenant_rows.named_tables(connection)
    tables = {table.name: table for table in catalogue.tables(connection)}
    for prefix in (NAMED_PREFIX, TABLE_PREFIX):
        for part in reader.manifest.under(prefix):
            table = tables[part.name.removeprefix(prefix)]
            if table.name in tenant_rows.STAYS or not (table.is_tenants or table.name in named | {tenant_rows.TENANTS}):
                continue
            connection.execute(
                sql.SQL("CREATE TEMP TABLE {} AS SELECT {} FROM {} WITH NO DATA").format(
                    sql.Identifier(f"staged_{table.name}"[:63]), table.listed, sql.Identifier("public", table.name)
                )
            )
            load_rows(connection, reader, part, into=_staged_name(table.name), name=table.name)
            told(table.name)
    row: Any = connection.execute(
        sql.SQL("SELECT id FROM {} WHERE name = %s").format(_staged_name(tenant_rows.TENANTS)), [name]
    ).fetchone()
    if row is None:
        raise BackupError(_("This backup knows no tenant “%(name)s”.") % {"name": name})
    return UUID(str(row[0]))


def _replaced(connection: Connection, tenant_id: UUID) -> tuple[int, int]:
    """Put the staged rows in the place of the tenant's, in one transaction; return how many, and how many are held.

    Rows of tables whose triggers write to others come first: what those made of them is replaced as well.
    """
    triggered = tenant_rows.with_insert_triggers(connection)
    own = tenant_rows.own(connection, tenant_id)
    own.sort(key=lambda wanted: (wanted.table.name not in triggered, wanted.table.name))
    rows = 0
    try:
        with connection.transaction():
            for wanted in own:
                _clear(connection, wanted)
            _put_itself(connection, tenant_id)
            for wanted in own:
                if wanted.table.name not in triggered:
                    _clear(connection, wanted)
                rows += _insert(connection, wanted)
            for wanted in tenant_rows.named(connection, tenant_id):
                _insert(connection, wanted, sql.SQL("ON CONFLICT DO NOTHING"))
            held = hold_tenants(connection, tenant_id)
    except psycopg.Error as error:
        raise BackupError(
            _("The tenant's rows do not fit this installation: %(reason)s")
            % {"reason": str(error).strip().splitlines()[0]}
        ) from error
    return rows, held


def _clear(connection: Connection, wanted: tenant_rows.Wanted) -> None:
    connection.execute(
        sql.SQL("DELETE FROM {} AS t WHERE {}").format(sql.Identifier("public", wanted.table.name), wanted.where)
    )


def _insert(connection: Connection, wanted: tenant_rows.Wanted, conflict: sql.Composable | None = None) -> int:
    table = wanted.table
    return connection.execute(
        sql.SQL("INSERT INTO {} ({}) OVERRIDING SYSTEM VALUE SELECT {} FROM {} AS t WHERE {} {}").format(
            sql.Identifier("public", table.name), table.listed, table.listed, _staged_name(table.name), wanted.where,
            conflict or sql.SQL(""),
        )
    ).rowcount  # fmt: skip


def _put_itself(connection: Connection, tenant_id: UUID) -> None:
    table = tenant_rows.itself(connection, tenant_id).table
    taken = sql.SQL(", ").join(
        sql.SQL("{} = EXCLUDED.{}").format(sql.Identifier(name), sql.Identifier(name)) for name in table.columns
    )
    connection.execute(
        sql.SQL("INSERT INTO {} ({}) SELECT {} FROM {} WHERE id = {} ON CONFLICT (id) DO UPDATE SET {}").format(
            sql.Identifier("public", table.name), table.listed, table.listed, _staged_name(table.name),
            sql.Literal(tenant_id), taken,
        )
    )  # fmt: skip


def _let_sequences_follow() -> None:
    """Rows of another installation may have higher numbers than this one has given; only the owner may say so."""
    if not settings.DATABASE_OWNER_URL:
        return
    with suppress(psycopg.errors.InsufficientPrivilege), connect(owner_address()) as owner:
        for table in catalogue.tables(owner):
            if not table.is_tenants or table.key != ("id",):
                continue
            row: Any = owner.execute("SELECT pg_get_serial_sequence(%s, 'id')", [f"public.{table.name}"]).fetchone()
            if row[0]:
                owner.execute(
                    sql.SQL(
                        "SELECT setval({0}, greatest(nextval({0}), (SELECT coalesce(max(id), 1) FROM {1})))"
                    ).format(sql.Literal(row[0]), sql.Identifier("public", table.name))
                )
