"""Remove what was kept long enough."""

from argparse import ArgumentParser
from typing import Any

from django.core.management import CommandError
from django.template.defaultfilters import filesizeformat
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from tenants.lifecycle import CleanupKind
from tenants.management.base import TenantCommand
from tenants.services.cleaning import CleaningFailedError, Report, clean, count_old, jobs_at_once, jobs_of

ALL = "all"
MOST_DAYS = 36_500


class Command(TenantCommand):
    """Conversations, logs, files and findings, as each tenant keeps them, or older than so many days."""

    help = gettext_lazy("Remove old conversations, logs, files and analysis. Safe to stop, and to run again.")  # type: ignore[assignment]
    changes_data = True

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add the options."""
        super().add_arguments(parser)
        parser.add_argument(
            "--days", type=int,
            help=_("Remove what is older than so many days. Without it each tenant's own retention holds."),
        )  # fmt: skip
        parser.add_argument(
            "--type", choices=[*map(str, CleanupKind), ALL], default=ALL, help=_("What is to go; all by default.")
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Remove, and say what went and how much room that made."""
        days = checked_days(options["days"])
        kinds = [*map(str, CleanupKind)] if options["type"] == ALL else [options["type"]]
        tenants = self.tenants(options)
        old = count_old(tenants, kinds=kinds, days=days)
        if options["dry_run"]:
            lines = [f"{name}: {count}" for name, count in old.items()]
            words = "\n".join([_("Would be removed:"), *lines])
            self.result({"dry_run": True, "old": dict(old)}, words, as_json=options["json"])
            return
        report, at_once = Report(), jobs_at_once()
        work = clean(jobs_of(tenants, kinds=kinds, days=days, parts=at_once), report, at_once=at_once)
        for _removed in self.progress(work, total=None, label="cleanup", silent=options["no_progress"]):
            pass
        self.result(_data(report), _words(report), as_json=options["json"])
        fail_if_any_failed(report)


def fail_if_any_failed(report: Report) -> None:
    """Raise CommandError with what the steps that failed said."""
    try:
        report.raise_failures()
    except CleaningFailedError as error:
        raise CommandError(_("Not everything could be removed: %(failed)s") % {"failed": error}) from error


def checked_days(days: int | None) -> int | None:
    """Return the days of --days; CommandError (wrong usage) for less than one, or more than a century."""
    if days is not None and not 1 <= days <= MOST_DAYS:
        raise CommandError(_("The days are a whole number from 1 to 36500."), returncode=2)
    return days


def _data(report: Report) -> dict[str, Any]:
    return {
        "removed": dict(report.rows),
        "freed_database_bytes": report.database_bytes,
        "freed_file_bytes": report.file_bytes,
        "failed": report.failed,
    }


def _words(report: Report) -> str:
    lines = [f"  {table}: {count}" for table, count in sorted(report.rows.items())]
    freed = _("Freed: about %(database)s in the database (for new rows), %(files)s of files.")
    sizes = {"database": filesizeformat(report.database_bytes), "files": filesizeformat(report.file_bytes)}
    return "\n".join([_("Removed:") if lines else _("Nothing was old enough."), *lines, freed % sizes])
