"""Take old entries of the audit log out of the database, into signed files."""

from argparse import ArgumentParser
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from django.core.management import CommandError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from audit.services.archiving import archive, old_entries
from audit.services.verifying import INSTALLATION, verify
from tenants.management.base import TenantCommand
from tenants.models import TenantModel
from tenants.scope import in_tenant


class Command(TenantCommand):
    """Whole ranges from the chain's beginning, of chains that are as they were written."""

    help = gettext_lazy("Move entries of the audit log that are older than a day into signed files.")  # type: ignore[assignment]
    changes_data = True

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add the options."""
        super().add_arguments(parser)
        parser.add_argument("--before", required=True, help=_("The day (YYYY-MM-DD, UTC) before which entries go."))

    def handle(self, *args: Any, **options: Any) -> None:
        """Archive each chain and say how many entries went."""
        before = _day(options["before"])
        tenants: list[TenantModel | None] = [*self.tenants(options)]
        if options["tenant"] == "all":
            tenants.append(None)
        done = {}
        for tenant in self.progress(tenants, total=len(tenants), label="archive", silent=options["no_progress"]):
            name, tenant_id = (tenant.name, tenant.pk) if tenant else (INSTALLATION, None)
            done[name] = _entries(name, tenant_id, before, only_count=options["dry_run"])
        words = _("%(count)d entries would be archived.") if options["dry_run"] else _("%(count)d entries archived.")
        self.result({"archived": done}, words % {"count": sum(done.values())}, as_json=options["json"])


def _day(text: str) -> datetime:
    try:
        return datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC)
    except ValueError as error:
        raise CommandError(_("“%(text)s” is no day: write it as 2026-01-31.") % {"text": text}) from error


def _entries(name: str, tenant_id: UUID | None, before: datetime, *, only_count: bool) -> int:
    try:
        count = len(old_entries(tenant_id, before))
    except ValueError as error:
        raise CommandError(_("Entries of the last thirty days stay in the log.")) from error
    if only_count or not count:
        return count
    if not _is_whole(tenant_id):
        raise CommandError(
            _("%(name)s: the audit log is not as it was written; nothing of it is archived.") % {"name": name}
        )
    return sum(made.last_place - made.first_place + 1 for made in archive(tenant_id, before))


def _is_whole(tenant_id: UUID | None) -> bool:
    if tenant_id is None:
        return verify(None).is_whole
    with in_tenant(tenant_id):
        return verify(tenant_id).is_whole
