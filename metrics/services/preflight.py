"""Before an upgrade: is everything there that it needs, and what will it hold up (commands.md, `preflight`).

Each step looks at one thing and changes nothing. Apps may add theirs to PREFLIGHT from `health.py`.
"""

import platform
import re
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import django
import redis
from django.conf import settings
from django.db import connection, connections
from django.db.migrations.executor import MigrationExecutor
from django.template.defaultfilters import filesizeformat
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from metrics.services.database_care import hanging, indexes
from metrics.services.watching import data_folder
from tenants.backup_models import Backup
from tenants.backups import files
from tenants.backups.manifest import Manifest
from tenants.registry import Registry
from tenants.scope import OPERATIONS
from tenants.services.work_figures import work_figures

POSTGRES: Final = 18
PYTHON: Final = (3, 11)
LEAST_FREE: Final = 1_000_000_000
BACKUP_HOURS: Final = 24
LARGE: Final = 100_000  # rows from which on a lock is felt
PROOF_HOURS: Final = 7 * 24
SIZES: Final = """
SELECT pg_database_size(current_database()),
    (SELECT coalesce(max(pg_total_relation_size(oid)), 0) FROM pg_class
     WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace)
"""
VERSIONS: Final = """
SELECT current_setting('server_version'), current_setting('server_version_num')::int / 10000,
    (SELECT extversion FROM pg_extension WHERE extname = 'vector')
"""
ROWS: Final = "SELECT reltuples FROM pg_class WHERE relname = %s AND relnamespace = 'public'::regnamespace"
# What a statement makes others wait for, in the order in which the patterns are tried.
LOCKS: Final = (
    (r"^\s*CREATE (OR REPLACE )?FUNCTION", ""),
    (r"(CREATE|DROP) (UNIQUE )?INDEX CONCURRENTLY|VALIDATE CONSTRAINT", gettext_noop("nobody waits")),
    (r"CREATE (UNIQUE )?INDEX", gettext_noop("writers wait until the index is built")),
    (r"ALTER TABLE.*ADD CONSTRAINT.*(FOREIGN KEY|REFERENCES)|CREATE TRIGGER", gettext_noop("writers wait")),
    (r"(ALTER|DROP|TRUNCATE) TABLE|DROP TRIGGER|DROP INDEX|ALTER INDEX", gettext_noop("everybody waits")),
    (r"(UPDATE|DELETE FROM|INSERT INTO)\b", gettext_noop("rows are changed")),
)
TABLE: Final = re.compile(r"(?:TABLE|UPDATE|FROM|INTO|\bON)\s+(?:ONLY\s+|IF EXISTS\s+)*\"?(\w+)\"?", re.IGNORECASE)


@dataclass(frozen=True)
class Answer:
    """What one step found; `is_well` False keeps an upgrade from being begun."""

    is_well: bool
    says: str


PREFLIGHT: Registry[Callable[[], Iterator[Answer]]] = Registry("step of preflight")


@PREFLIGHT.register("versions")
def versions() -> Iterator[Answer]:
    """See that everything is as new as this program needs it."""
    found = platform.python_version()
    yield Answer(tuple(map(int, found.split(".")[:2])) >= PYTHON, f"Python {found}, Django {django.__version__}")
    ((text, major, vector),) = _ask(VERSIONS)
    yield Answer(major >= POSTGRES and vector is not None, f"PostgreSQL {text}, pgvector {vector or '–'}")
    try:
        with redis.Redis.from_url(settings.CACHES["default"]["LOCATION"], socket_timeout=2.0) as client:
            info: Any = client.info("server")
    except redis.RedisError as error:
        yield Answer(is_well=False, says=_("Valkey does not answer: %(error)s") % {"error": type(error).__name__})
    else:
        yield Answer(
            is_well=True,
            says=f"{info.get('server_name', 'redis')} {info.get('valkey_version') or info['redis_version']}",
        )


@PREFLIGHT.register("space")
def space() -> Iterator[Answer]:
    """See that there is room for the largest table to be written anew."""
    ((database, largest),) = _ask(SIZES)
    free, wanted = shutil.disk_usage(data_folder()).free, max(LEAST_FREE, 2 * largest)
    sizes = {name: filesizeformat(size) for name, size in
             {"free": free, "wanted": wanted, "database": database, "largest": largest}.items()}  # fmt: skip
    words = _("%(free)s free, %(wanted)s wanted; the database has %(database)s, its largest table %(largest)s")
    yield Answer(free >= wanted, words % sizes)


@PREFLIGHT.register("backup")
def backup() -> Iterator[Answer]:
    """See that there is a backup of today, by what the files themselves say, and that one of late was proved."""
    found = [one.manifest for one in files.found() if one.manifest]
    whole = [manifest for manifest in found if manifest.counts and not manifest.tenant]
    if not whole:
        yield Answer(is_well=False, says=_("There is no backup of the database in %(folder)s.") % {
            "folder": files.directory()})  # fmt: skip
        return
    hours = _hours_since(whole[0])
    yield Answer(hours <= BACKUP_HOURS, _("The latest backup is %(hours)s hours old.") % {"hours": f"{hours:.1f}"})
    proofs = {str(pk) for pk in Backup.objects.filter(proved_at__isnull=False).values_list("pk", flat=True)}
    proved = next((manifest for manifest in whole if manifest.id in proofs), None)
    if proved is None:
        yield Answer(is_well=False, says=_("No backup was ever proved: backup_data --verify FILE --depth restore."))
        return
    age = _hours_since(proved)
    yield Answer(
        age <= PROOF_HOURS, _("The latest backup that was proved restorable is %(hours)s hours old.") % {
            "hours": f"{age:.1f}"},
    )  # fmt: skip


def _hours_since(manifest: Manifest) -> float:
    return (timezone.now() - datetime.fromisoformat(manifest.made_at)).total_seconds() / 3600


@PREFLIGHT.register("work")
def work() -> Iterator[Answer]:
    """See that nothing was given up, and nothing hangs that a migration would wait for."""
    dead = sum(each.dead for each in work_figures(using=OPERATIONS))
    yield Answer(not dead, _("Work that was given up: %(count)s") % {"count": dead})
    found = hanging()
    yield Answer(not found, _("Transactions that hang: %(count)s") % {"count": len(found)})
    broken = [index.name for index in indexes() if not index.valid]
    yield Answer(not broken, _("Indexes that are not valid: %(names)s") % {"names": ", ".join(broken) or "0"})


@PREFLIGHT.register("migrations")
def migrations() -> Iterator[Answer]:
    """Name each migration that is to come, with the locks that it takes; on a large table these want a quiet hour."""
    executor = MigrationExecutor(connection)
    loader: Any = executor.loader  # whose types leave collect_sql() out
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    if not plan:
        yield Answer(is_well=True, says=_("No migration is pending."))
    for migration, backwards in plan:
        statements = loader.collect_sql([(migration, backwards)])
        moves = any(type(operation).__name__ == "RunPython" for operation in migration.operations)
        locks = sorted({lock for text in statements if (lock := lock_of(text))})
        told = ", ".join(locks) or _("no lock that matters")
        yield Answer(is_well=True, says=f"{migration}: {told}" + (f"; {_('moves data in batches')}" if moves else ""))


def lock_of(statement: str) -> str:
    """Return who waits for a statement, and at which table where that is large; empty for what nobody notices."""
    text = " ".join(line for line in statement.splitlines() if not line.lstrip().startswith("--"))
    lock = next((held for pattern, held in LOCKS if re.search(pattern, text, re.IGNORECASE)), "")
    table = TABLE.search(text)
    if not lock or table is None:
        return ""
    rows = _ask(ROWS, [table[1]])
    if not rows:  # a table that this very upgrade makes
        return ""
    count = int(rows[0][0])
    return f"{table[1]}: {_(lock)}" + (_(" (%(count)s rows)") % {"count": count} if count >= LARGE else "")


def _ask(statement: str, values: list[Any] | None = None) -> list[tuple[Any, ...]]:
    with connections[OPERATIONS].cursor() as cursor:
        cursor.execute(statement, values)
        found: list[tuple[Any, ...]] = cursor.fetchall()
        return found
