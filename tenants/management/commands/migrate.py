"""Django's `migrate`, one at a time: two at once would make the same tables."""

from typing import Any

from django.core.management.commands import migrate
from django.db import connections
from django.utils.translation import gettext as _

from tenants.access import Reach

ADVISORY_LOCK = 7238453


class Command(migrate.Command):
    """Waits for whoever migrates the same database, then finds nothing left to do."""

    charla_reach = Reach.INSTALLATION

    def handle(self, *args: Any, **options: Any) -> None:
        """Hold the session's advisory lock while migrating."""
        with connections[options["database"]].cursor() as cursor:
            cursor.execute("SELECT pg_try_advisory_lock(%s)", [ADVISORY_LOCK])
            if not cursor.fetchone()[0]:
                self.stderr.write(_("Another process migrates this database: waiting for it."), self.style.NOTICE)
                cursor.execute("SELECT pg_advisory_lock(%s)", [ADVISORY_LOCK])
        try:
            super().handle(*args, **options)
        finally:
            with connections[options["database"]].cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(%s)", [ADVISORY_LOCK])
