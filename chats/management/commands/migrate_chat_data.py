"""migrate_chat_data: historical conversations in today's shape (chats-migrations.md)."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import CommandError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from chats.services.migrating import ChatMigrationService
from tenants.management.base import TenantCommand
from tenants.models import TenantModel
from tenants.scope import tenant_scope

SHOWN = 20


class Command(TenantCommand):
    """See ChatMigrationService."""

    help = gettext_lazy("Bring historical conversations up to today's shape. Safe to run again.")  # type: ignore[assignment]
    changes_data = True

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add whose, and whether to look alone."""
        super().add_arguments(parser)
        parser.add_argument(
            "--user-id", default="", help=_("Only this person's conversations (its id in its channel).")
        )
        parser.add_argument(
            "--validate-only", action="store_true", help=_("Say what would be migrated; change nothing.")
        )

    def execute(self, *args: Any, **options: Any) -> Any:
        """Run; one that only validates leaves nothing in the audit log."""
        options["dry_run"] = options["dry_run"] or options["validate_only"]
        return super().execute(*args, **options)

    def handle(self, *args: Any, **options: Any) -> None:
        """Validate or migrate tenant by tenant; exit status 1 when validating finds something."""
        found = {tenant.name: self._one(tenant, options) for tenant in self.tenants(options)}
        self.result({"tenants": found}, "\n".join(_lines(found)), as_json=options["json"])
        count = sum(len(told.get("issues", [])) for told in found.values())
        if options["validate_only"] and count:
            raise CommandError(_("%(count)s problems found.") % {"count": count})

    def _one(self, tenant: TenantModel, options: dict[str, Any]) -> dict[str, Any]:
        service = ChatMigrationService()
        with tenant_scope(tenant):
            if options["dry_run"]:
                issues = service.validate_chat_data(options["user_id"])
                return {"issues": issues, "migrated": 0, "chats": len({line.partition(":")[0] for line in issues})}
            pages = service.migrate_pages(options["user_id"])
            done = self.progress(pages, total=None, label=tenant.name, silent=options["no_progress"])
            return {"migrated": sum(done)}


def _lines(found: dict[str, Any]) -> list[str]:
    lines = []
    for name, told in found.items():
        if "issues" not in told:
            lines.append(_("%(tenant)s: %(migrated)s conversations migrated.") % {"tenant": name, **told})
            continue
        lines.append(_("%(tenant)s: %(chats)s conversations to be migrated.") % {"tenant": name, **told})
        lines += [f"  - {issue}" for issue in told["issues"][:SHOWN]]
        if len(told["issues"]) > SHOWN:
            lines.append(_("  and %(count)s more") % {"count": len(told["issues"]) - SHOWN})
    return lines
