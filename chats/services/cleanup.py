"""`ChatCleanupService`: old conversations counted and removed (chats-migrations.md, "Limpieza de Datos")."""

from collections.abc import Iterator
from uuid import UUID

from django.db import transaction

from tenants.lifecycle import CleanupKind, Removed
from tenants.models import TenantModel
from tenants.scope import scope
from tenants.services.cleaning import Report, clean, count_old, jobs_at_once, jobs_of

CONVERSATIONS = "chats.conversations"
TABLE = "chats_chatmodel"


class ChatCleanupService:
    """Conversations, of the given tenants, the current one, or (outside every scope) all, whose end is long ago.

    `days` since the last activity; None: as long as each tenant keeps them (365 days where it says nothing).
    """

    def __init__(self, tenants: list[TenantModel] | None = None) -> None:
        self._tenants = tenants

    def count_old_chats(self, days: int | None = None) -> int:
        """Return how many conversations would be removed."""
        return count_old(self._chosen(), kinds=[CleanupKind.CHATS], days=days)[CONVERSATIONS]

    def cleanup_old_chats(self, days: int | None = None) -> int:
        """Remove them with all that hangs on them; return how many conversations went."""
        report = Report()
        for _removed in self.removing(report, days):
            pass
        report.raise_failures()
        return report.rows[TABLE]

    def removing(self, report: Report, days: int | None = None) -> Iterator[Removed]:
        """Remove them batch by batch, noting in the report what went and what failed."""
        at_once = jobs_at_once()
        jobs = jobs_of(self._chosen(), kinds=[CleanupKind.CHATS], days=days, parts=at_once)
        yield from clean(jobs, report, at_once=at_once)

    def _chosen(self) -> list[TenantModel]:
        if self._tenants is not None:
            return self._tenants
        current, active = scope(), TenantModel.objects.filter(is_active=True)
        with transaction.atomic():
            return list(active.filter(pk=current) if isinstance(current, UUID) else active)
