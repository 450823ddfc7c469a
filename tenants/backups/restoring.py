"""Restoring: into a new database that takes the old one's place when it is whole, or not at all."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, nullcontext, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django.core.management import call_command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.loader import MigrationLoader
from django.utils.translation import gettext as _

from tenants.backups import catalogue, configuration, databases, increments, media
from tenants.backups.carrying import carry_over
from tenants.backups.connecting import address, connect, owner_address
from tenants.backups.container import Reader
from tenants.backups.errors import BackupError, DamagedError
from tenants.backups.loading import load, refuse_other_counts
from tenants.backups.making import silent
from tenants.backups.manifest import Manifest
from tenants.backups.pointing import as_owner_of, pointed_at
from tenants.backups.quarantine import hold
from tenants.lifecycle import restore_steps
from tenants.models import TenantModel
from tenants.signals import data_restored

Told = Callable[[str], None]


@dataclass
class Restored:
    """What a restore did; `former` is the database that was put aside, empty where none was."""

    manifest: Manifest
    database: str
    former: str = ""
    held: int = 0
    migrated: int = 0
    rows: int = 0
    steps: dict[str, int] = field(default_factory=dict)
    files: int = 0
    configuration: str = ""


def read_whole(reader: Reader, told: Told = silent) -> int:
    """Read every byte of a backup and hold it to its digests; return how many bytes. DamagedError, or nothing."""
    size = 0
    for part in reader.manifest.parts:
        for piece in reader.read(part):
            size += len(piece)
        told(part.name)
    return size


def restore(path: Path, *, into: str = "", told: Told = silent) -> Restored:
    """Restore whatever a backup holds: the database, files, the configuration.

    Files come back before the database takes its place: a row never lacks its file. Raises as restore_database().
    """
    with Reader(path) as reader:
        if reader.manifest.counts:
            return restore_database(path, into=into, told=told)
        if into:
            raise BackupError(_("This backup holds no database."))
        read_whole(reader)
        done = Restored(reader.manifest, "")
        _put_back(reader, done, told, rows=True)
    return done


@contextmanager
def opened(path: Path) -> Iterator[list[Reader]]:
    """Open a backup and all that it stands on, the full one first; BackupError when one is missing."""
    with ExitStack() as stack:
        last = stack.enter_context(Reader(path))
        before = increments.chain_of(path, last.manifest)[:-1]
        yield [*(stack.enter_context(Reader(one)) for one in before), last]


def _put_back(reader: Reader, done: Restored, told: Told, *, rows: bool) -> None:
    """Put back files and configuration, where the backup holds them."""
    for part in reader.manifest.under(media.PART):
        done.files += media.put_back(reader.read(part), told)
    for part in reader.manifest.under(configuration.PART):
        done.configuration = str(configuration.put_back(b"".join(reader.read(part)), rows=rows))


def restore_database(path: Path, *, into: str = "", told: Told = silent) -> Restored:
    """Restore the whole database from a backup, all or nothing.

    `into`: the name of a database to be made, which is left beside the current one. Otherwise the restored one takes
    the current one's place, which is kept under another name. BackupError says why nothing was changed.
    """
    with opened(path) as readers:
        reader = readers[-1]
        refuse_unfit(reader.manifest, whole=True)
        for each in readers:
            read_whole(each)
        owner, current = owner_address(), address()["dbname"]
        with nullcontext() if into else databases.alone(owner, current):
            new = into or databases.restored_name(current)
            databases.make_empty(owner, new)
            try:
                done = _filled(readers, {**owner, "dbname": new}, current, told)
                if not into:
                    with pointed_at(new):
                        for each in readers:
                            _put_back(each, done, told, rows=False)
                    done.former = databases.swap(owner, new, current)
                    done.database = current
            except BaseException:
                with suppress(BackupError):
                    databases.drop(owner, new)
                raise
    if not into:
        _forget_older(owner, current)
        data_restored.send(sender=Manifest, backup_id=done.manifest.id, tenant_ids=None)
    return done


def refuse_unfit(manifest: Manifest, *, whole: bool = False) -> None:
    """Raise BackupError for a backup without a database, or of a program that is newer than this one."""
    if not manifest.counts:
        raise BackupError(_("This backup holds no database."))
    if whole and manifest.tenant:
        raise BackupError(
            _("This backup is of the tenant “%(name)s” alone: restore it with --tenant %(name)s.") % manifest.tenant
        )
    disk = set(MigrationLoader(None).disk_migrations)
    known = {app for app, _name in disk}
    for app, names in manifest.heads.items():
        unknown = [name for name in names if app in known and (app, name) not in disk]
        if unknown or app not in known:
            raise BackupError(
                _(
                    "This backup is of a newer Charla (%(program)s, migration %(app)s.%(name)s): restore it with"
                    " that one."
                )
                % {"program": manifest.program, "app": app, "name": (unknown or names)[-1]}
            )


def _filled(readers: list[Reader], known: dict[str, Any], current: str, told: Told) -> Restored:
    """Fill the new database and bring it to where it can be served from."""
    manifest = readers[-1].manifest
    done = Restored(manifest, known["dbname"])
    load(readers, known, told, increments.apply)
    with connect(known) as connection:
        refuse_other_counts(connection, manifest.counts)
        if catalogue.heads(connection) != manifest.heads:
            raise DamagedError(_("The backup's table of contents does not fit its content."))
    done.migrated = migrate(known)
    with connect({**known, "dbname": current}) as old, connect(known) as new:
        carry_over(old, new)
    with pointed_at(known["dbname"]):
        done.held = hold()
        done.steps = after_restore(manifest.id, [None, *TenantModel.objects.order_by("name")])
    done.rows = sum(manifest.counts.values())
    return done


def migrate(known: dict[str, Any]) -> int:
    """Bring a restored database up to this program; return how many migrations that took."""
    with as_owner_of(known):
        executor = MigrationExecutor(connection)
        plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
        if plan:
            call_command("migrate", interactive=False, verbosity=0, skip_checks=True)
    return len(plan)


def after_restore(backup_id: str, tenants: Sequence[TenantModel | None]) -> dict[str, int]:
    """Let every app do what it must before anybody is let in: for the installation (None), and for tenants."""
    done = dict.fromkeys((name for name, _step in restore_steps.items()), 0)
    for tenant in tenants:
        for name, step in restore_steps.items():
            done[name] += step(tenant, backup_id)
    return done


def _forget_older(owner: dict[str, Any], current: str) -> None:
    """Keep the database that was just put aside; those of earlier restores go."""
    for name in databases.formers(owner, current)[1:]:
        databases.drop(owner, name)
