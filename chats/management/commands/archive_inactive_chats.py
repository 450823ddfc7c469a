"""Close conversations in which nobody writes any more."""

from argparse import ArgumentParser
from collections import Counter
from datetime import timedelta
from typing import Any

from django.core.management import CommandError
from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from chats.models import ChatStatus
from chats.services.closing import archive_inactive, inactive
from tenants.management.base import TenantCommand
from tenants.scope import tenant_scope


class Command(TenantCommand):
    """Completed first, which has them summarised, then archived: they stay readable, and the search finds them."""

    help = gettext_lazy("Complete, summarise and archive conversations in which nobody has written for a while.")  # type: ignore[assignment]
    changes_data = True

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add the options."""
        super().add_arguments(parser)
        parser.add_argument("--hours", type=float, default=24, help=_("Hours since the last message (24)."))

    def handle(self, *args: Any, **options: Any) -> None:
        """Go through the tenants and say how many were completed and archived."""
        if not 0 < options["hours"] < 1_000_000:
            raise CommandError(_("The hours are a number above 0."), returncode=2)
        silence, done = timedelta(hours=options["hours"]), Counter[str]()
        for tenant in self.tenants(options):
            with tenant_scope(tenant):
                with transaction.atomic():
                    total = inactive(silence).count()
                if options["dry_run"]:
                    done["inactive"] += total
                    continue
                work = archive_inactive(silence)
                for status in self.progress(work, total=None, label=tenant.name, silent=options["no_progress"]):
                    done[status] += 1
        data = {"completed": done[ChatStatus.COMPLETED], "archived": done[ChatStatus.ARCHIVED]}
        if options["dry_run"]:
            words = _("%(count)d conversations would be archived.") % {"count": done["inactive"]}
            self.result({"dry_run": True, "inactive": done["inactive"]}, words, as_json=options["json"])
        else:
            self.result(data, _("%(completed)d completed, %(archived)d archived.") % data, as_json=options["json"])
