"""find_duplicate_chats: conversations that were begun twice, made one on request."""

from argparse import ArgumentParser
from datetime import timedelta
from typing import Any

from django.core.management.base import CommandError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from chats.services.duplicates import Duplicates, find_duplicates
from chats.services.merging import merge_chats
from tenants.management.base import TenantCommand
from tenants.models import TenantModel
from tenants.scope import tenant_scope

WINDOW_MINUTES = 10
LONGEST_MINUTES = 7 * 24 * 60


class Command(TenantCommand):
    """See commands.md."""

    help = gettext_lazy("Find conversations of one person that were begun twice with the same words, and merge them.")  # type: ignore[assignment]
    changes_data = True

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add how close, and whether to merge."""
        super().add_arguments(parser)
        parser.add_argument("--window", type=int, default=WINDOW_MINUTES, help=_("Minutes between their beginnings."))
        parser.add_argument(
            "--merge", action="store_true", help=_("Bring their messages into the oldest; none is lost.")
        )

    def execute(self, *args: Any, **options: Any) -> Any:
        """Run; without `--merge` as a dry run, which leaves nothing in the audit log."""
        options["dry_run"] = options["dry_run"] or not options["merge"]
        return super().execute(*args, **options)

    def handle(self, *args: Any, **options: Any) -> None:
        """Find them tenant by tenant, and merge where that was asked for."""
        if not 1 <= options["window"] <= LONGEST_MINUTES:
            raise CommandError(_("The window is 1 to 10080 minutes."), returncode=2)
        found = {tenant.name: self._look(tenant, options) for tenant in self.tenants(options)}
        self.result({"tenants": found}, "\n".join(_lines(found)), as_json=options["json"])

    def _look(self, tenant: TenantModel, options: dict[str, Any]) -> list[dict[str, Any]]:
        with tenant_scope(tenant):
            groups = find_duplicates(timedelta(minutes=options["window"]))
            steps = self.progress(groups, total=len(groups), label=tenant.name, silent=options["no_progress"])
            return [_told(group, None if options["dry_run"] else merge_chats(list(group.keys))) for group in steps]


def _told(group: Duplicates, moved: int | None) -> dict[str, Any]:
    return {"chats": list(group.chat_ids), "messages": group.messages, "moved": moved}


def _lines(found: dict[str, list[dict[str, Any]]]) -> list[str]:
    lines = []
    for name, groups in found.items():
        merged = sum(group["moved"] is not None for group in groups)
        told = {"tenant": name, "found": len(groups), "merged": merged}
        lines.append(
            _("%(tenant)s: %(found)s conversations were begun more than once, %(merged)s of them merged.") % told
        )
        lines += [f"  {group['messages']:5}  {' + '.join(map(str, group['chats']))}" for group in groups]
    return lines
