"""Remove old conversations."""

from argparse import ArgumentParser
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from chats.services.cleanup import TABLE, ChatCleanupService
from tenants.management.base import TenantCommand
from tenants.management.commands.cleanup_old_data import checked_days, fail_if_any_failed
from tenants.services.cleaning import Report


class Command(TenantCommand):
    """With their messages, files and findings; and the people of whom nothing is left."""

    help = gettext_lazy("Remove old conversations. Safe to stop, and to run again.")  # type: ignore[assignment]
    changes_data = True

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add the options."""
        super().add_arguments(parser)
        parser.add_argument(
            "--days", type=int,
            help=_("Days since the last activity. Without it as long as each tenant keeps them: 365 days by default."),
        )  # fmt: skip

    def handle(self, *args: Any, **options: Any) -> None:
        """Remove them and say how many went."""
        days, service = checked_days(options["days"]), ChatCleanupService(self.tenants(options))
        if options["dry_run"]:
            count = service.count_old_chats(days)
            words = _("%(count)d conversations would be removed.") % {"count": count}
            self.result({"dry_run": True, "chats": count}, words, as_json=options["json"])
            return
        report = Report()
        work = service.removing(report, days)
        for _removed in self.progress(work, total=None, label="chats", silent=options["no_progress"]):
            pass
        count = report.rows[TABLE]
        data = {"chats": count, "removed": dict(report.rows), "freed_database_bytes": report.database_bytes,
                "freed_file_bytes": report.file_bytes}  # fmt: skip
        self.result(data, _("%(count)d old conversations removed.") % {"count": count}, as_json=options["json"])
        fail_if_any_failed(report)
