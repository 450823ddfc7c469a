"""migrate_chat_content: content left over in old shapes becomes messages (chats-migrations.md)."""

from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from chats.services.old_contents import move_old_contents
from tenants.management.base import TenantCommand
from tenants.scope import tenant_scope


class Command(TenantCommand):
    """See chats/services/old_contents.py."""

    help = gettext_lazy("Move content that conversations hold in old shapes into messages. Safe to run again.")  # type: ignore[assignment]
    changes_data = True

    def handle(self, *args: Any, **options: Any) -> None:
        """Move tenant by tenant and say how much."""
        found = {}
        for tenant in self.tenants(options):
            with tenant_scope(tenant):
                steps = move_old_contents(dry_run=options["dry_run"])
                done = list(self.progress(steps, total=None, label=tenant.name, silent=options["no_progress"]))
            found[tenant.name] = {
                "chats": sum(one.chats for one in done),
                "messages": sum(one.messages for one in done),
            }
        words = _("%(tenant)s: %(messages)s messages of %(chats)s conversations moved.")
        if options["dry_run"]:
            words = _("%(tenant)s: %(messages)s messages of %(chats)s conversations would be moved.")
        lines = [words % {"tenant": name, **told} for name, told in found.items()]
        self.result({"tenants": found}, "\n".join(lines), as_json=options["json"])
