"""Import a tenant's data from an export of this installation or another one."""

from argparse import ArgumentParser
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.core.management import CommandError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from tenants.management.base import TenantCommand
from tenants.portable.sources import NotAnExportError
from tenants.portable.storing import Conflict
from tenants.services.importing import LENIENT, STRICT, Imported, ImportOptions, import_file

PROBLEMS_TOLD = 10


class Command(TenantCommand):
    """See commands.md."""

    help = gettext_lazy("Import what export_data wrote as JSON or JSON Lines. Safe to run again.")  # type: ignore[assignment]
    changes_data = True
    one_tenant = True

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add the file, and what happens to rows that are there already."""
        super().add_arguments(parser)
        parser.add_argument("file", type=Path, metavar="FILE", help=_("The file; it may be compressed with gzip."))
        parser.add_argument(
            "--conflict", type=Conflict, choices=list(Conflict), default=Conflict.SKIP,
            help=_("What to do about rows that are there already: fail, skip (the default) or update them."),
        )  # fmt: skip
        parser.add_argument("--level", choices=[STRICT, LENIENT], default="", help=_("IMPORT_VALIDATION_LEVEL."))

    def handle(self, *args: Any, **options: Any) -> None:
        """Import, tell, and fail when something was bad."""
        tenant = self.tenant(options["tenant"])

        def watch(steps: Iterator[int], total: int | None, label: str) -> Iterator[int]:
            return self.progress(steps, total=total, label=label, silent=options["no_progress"])

        wanted = ImportOptions(
            conflict=Conflict(options["conflict"]), dry_run=options["dry_run"], level=options["level"]
        )
        try:
            done = import_file(tenant, options["file"], wanted, watch)
        except (NotAnExportError, OSError) as error:
            reason = (error.strerror or "") if isinstance(error, OSError) else str(error)
            raise CommandError(f"{options['file']}: {reason}") from error
        self._tell(done, options)

    def _tell(self, done: Imported, options: dict[str, Any]) -> None:
        for line, problem in done.problems[:PROBLEMS_TOLD]:
            self.say(f"{options['file']}:{line}: {problem}")
        if done.bad > PROBLEMS_TOLD:
            self.say(_("and %(more)s more problems (--json names them).") % {"more": done.bad - PROBLEMS_TOLD})
        self.result(done.as_dict(), "\n".join(_words(done, dry_run=options["dry_run"])), as_json=options["json"])
        if done.refused:
            raise CommandError(done.refused)
        if done.bad:
            raise CommandError(_("%(count)s records could not be stored.") % {"count": done.bad})


def _words(done: Imported, *, dry_run: bool) -> Iterator[str]:
    if dry_run or done.refused:
        yield _("Nothing was changed. There would be:") if dry_run else _("There would have been:")
    yield _("%(created)s new, %(updated)s updated, %(skipped)s there already.") % {
        name: getattr(done, name).total() for name in ("created", "updated", "skipped")
    }
    for kind in dict.fromkeys([*done.created, *done.updated, *done.skipped]):
        yield f"  {kind}: {done.created[kind]} + {done.updated[kind]} + {done.skipped[kind]}"
    if done.unlinked:
        names = ", ".join(f"{kind} {count}" for kind, count in done.unlinked.items())
        yield _("Left empty, for what they name is not in this tenant: %(names)s.") % {"names": names}
    if done.left_out:
        yield _("Not imported: %(names)s.") % {"names": ", ".join(done.left_out)}
