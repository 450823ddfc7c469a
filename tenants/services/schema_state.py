"""Whether the database has the tables that this program was written for.

Read at each start, so from the files' names: the ORM's loader would import every migration there is.
"""

from pathlib import Path
from pkgutil import iter_modules
from typing import Final

from django.apps import apps
from django.db import connection

PROJECT: Final = Path(__file__).resolve().parents[2]
SOME: Final = 5


class OtherSchemaError(RuntimeError):
    """The database is of another version of the program."""


def shipped_migrations() -> set[tuple[str, str]]:
    """Return the app and the name of every migration that this program brings along for its own tables."""
    return {
        (app.label, module.name)
        for app in apps.get_app_configs()
        if Path(app.path).parent == PROJECT
        for module in iter_modules([f"{app.path}/migrations"])
    }


def refuse_other_schema() -> None:
    """Raise OtherSchemaError, which names the way out, when migrations are pending or the database is a newer one."""
    shipped = shipped_migrations()
    with connection.cursor() as cursor:
        cursor.execute("SELECT to_regclass('django_migrations') IS NOT NULL")
        if cursor.fetchone()[0]:
            own = [app for app, _name in shipped]
            cursor.execute("SELECT app, name FROM django_migrations WHERE app = ANY(%s)", [own])
        applied = set(cursor.fetchall())
    if not connection.in_atomic_block:
        connection.close()  # the thread that loads the program serves no request
    if pending := shipped - applied:
        raise OtherSchemaError(
            f"The database is older than this program ({_listed(pending)}): run `manage.py migrate` with"
            " DATABASE_OWNER_URL, as `bin/run` and the service `prepare` do, then start this again."
        )
    if newer := applied - shipped:
        raise OtherSchemaError(
            f"The database is newer than this program ({_listed(newer)}): start the version that migrated it, or"
            " restore a backup from before the upgrade (docs/upgrade.md, “Back”)."
        )


def _listed(migrations: set[tuple[str, str]]) -> str:
    names = [f"{app}.{name}" for app, name in sorted(migrations)]
    return ", ".join(names[:SOME]) + (f" and {len(names) - SOME} more" if len(names) > SOME else "")
