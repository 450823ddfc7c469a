"""Making a backup: what it holds by its kind, in one pass and constant memory."""

import time
import tomllib
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any
from uuid import uuid4

from django.conf import settings
from django.core.files.storage import default_storage
from django.db import connections

from tenants.backups import catalogue, configuration, increments, media
from tenants.backups.container import Writer
from tenants.backups.files import option, place_for, remove_abandoned, whole_or_nothing
from tenants.backups.manifest import Manifest
from tenants.backups.snapshot import Snapshot, snapshot, write_database, write_tenant
from tenants.models import TenantModel

DATABASE, MEDIA, CONFIG, FULL = KINDS = ("database", "media", "config", "full")
Told = Callable[[str], None]


@dataclass(frozen=True)
class Made:
    """A backup that lies on the disk."""

    path: Path
    manifest: Manifest
    size: int
    seconds: float
    reason: str = ""

    @property
    def rows(self) -> int:
        """How many rows of tables it holds."""
        return sum(part.rows for part in self.manifest.under("table/"))


@cache
def program_version() -> str:
    """Return the version of this program."""
    with (settings.PROJECT_DIR / "pyproject.toml").open("rb") as file:
        return str(tomllib.load(file)["project"]["version"])


def silent(_name: str) -> None:
    """Tell nobody how far it is."""


def make(
    *,
    kind: str = FULL,
    tenant: TenantModel | None = None,
    incremental: bool = False,
    output: str = "",
    told: Told = silent,
) -> Made:
    """Make a backup of the whole installation, or of one tenant.

    `incremental`: of what changed since the one before; where none can be followed it is a full one, and `Made.reason`
    says why.
    BackupError says why it could not be made, and then nothing is left.
    """
    began = time.monotonic()
    remove_abandoned()
    manifest = Manifest(str(uuid4()), kind, datetime.now(tz=UTC).isoformat(), program_version())
    if tenant:
        manifest = replace(manifest, tenant={"id": str(tenant.pk), "name": tenant.name})
    with ExitStack() as stack:
        shot = stack.enter_context(snapshot()) if kind in {DATABASE, FULL} else None
        base = increments.base_for(shot, kind) if shot and incremental else increments.Base(None)
        manifest = replace(manifest, base=base.manifest.id if base.manifest else "")
        path = place_for(manifest, output)
        with whole_or_nothing(path) as file:
            writer = Writer(file, compress=option("compression"), encrypt=option("encryption"))
            if shot:
                manifest = _with_database(writer, manifest, shot, tenant, base.manifest, told)
                stack.close()  # what comes now may take long, and the snapshot keeps dead rows alive
            if kind in {MEDIA, FULL}:  # after the database: what its rows name is there, and what came since
                _add_files(writer, str(tenant.pk) if tenant else "", base.manifest, told)
            if kind == CONFIG or (kind == FULL and tenant is None):
                writer.add(configuration.PART, [configuration.collected(with_secrets=option("encryption"))])
            manifest = writer.finish(manifest)
    return Made(path, manifest, path.stat().st_size, time.monotonic() - began, base.reason)


def _add_files(writer: Writer, folder: str, base: Manifest | None, told: Told) -> None:
    files = 0

    def counted(name: str) -> None:
        nonlocal files
        files += 1
        told(name)

    names = media.names_in(default_storage, folder)
    if base:
        names = media.newer(names, datetime.fromisoformat(base.made_at))
    writer.add(media.PART, media.written(names, counted))
    writer.counted(files)


def _with_database(
    writer: Writer, manifest: Manifest, shot: Snapshot, tenant: TenantModel | None, base: Manifest | None, told: Told
) -> Manifest:
    if tenant:
        counts = write_tenant(writer, shot, tenant.pk, told)
    elif base:
        counts = increments.write_increment(writer, shot, base, told)
    else:
        counts = write_database(writer, shot, told)
    return replace(
        manifest,
        counts=counts,
        heads=catalogue.heads(shot.connection),
        sequences={} if tenant else catalogue.sequences(shot.connection),
        sums={table.name: shot.sum(table) for table in shot.tables()} if base else {},
        keys={table.name: list(table.key) for table in shot.tables()},
        database={**shot.database(), "roles": _roles()},
        mark="" if tenant else shot.mark,
    )


def _roles() -> list[Any]:
    return sorted({connections[alias].settings_dict["USER"] for alias in ("default", "operations")})
