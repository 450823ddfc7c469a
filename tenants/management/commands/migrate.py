"""Django's `migrate`, one at a time: two at once would make the same tables."""

import time
from typing import Any, Final

from django.core.management.commands import migrate
from django.db import connections
from django.utils.translation import gettext as _

from tenants.access import Reach

ADVISORY_LOCK: Final = 7_238_453
ASKED_EVERY: Final = 0.5


class Command(migrate.Command):
    """Waits for whoever migrates the same database, then finds nothing left to do."""

    charla_reach = Reach.INSTALLATION

    def handle(self, *args: Any, **options: Any) -> None:
        """Hold the session's advisory lock while migrating."""
        if not _has_lock(options["database"]):
            self.stderr.write(_("Another process migrates this database: waiting for it."), self.style.NOTICE)
            # Not by a statement that waits: an index that is built concurrently would wait for that one's end.
            while not _has_lock(options["database"]):
                time.sleep(ASKED_EVERY)
        try:
            super().handle(*args, **options)
        finally:
            with connections[options["database"]].cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(%s)", [ADVISORY_LOCK])


def _has_lock(database: str) -> bool:
    with connections[database].cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [ADVISORY_LOCK])
        return bool(cursor.fetchone()[0])
