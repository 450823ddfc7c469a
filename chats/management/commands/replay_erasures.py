"""Erase again whom a restored backup has brought back."""

from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from chats.services.erasing_now import replay
from tenants.management.base import TenantCommand


class Command(TenantCommand):
    """To be run after every restore, before anybody is let in."""

    help = gettext_lazy("After a restore: erase again everybody who had been erased since the backup.")  # type: ignore[assignment]
    changes_data = True

    def handle(self, *args: Any, **options: Any) -> None:
        """Compare the ledger with the contacts, tenant by tenant."""
        tenants = self.tenants(options)
        steps = self.progress(tenants, total=len(tenants), label="replay", silent=options["no_progress"])
        done = {tenant.name: replay(tenant, only_count=options["dry_run"]) for tenant in steps}
        total = sum(done.values())
        words = _("%(count)d people erased again.")
        if options["dry_run"]:
            words = _("%(count)d people would be erased again.")
        self.result({"erased_again": done}, words % {"count": total}, as_json=options["json"])
