"""What a restore means for the chains: they end earlier than their checkpoints say, and the log itself says why."""

from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any
from uuid import UUID

from audit.services.archives import archives_of, examine
from audit.services.chain import verify_chain
from audit.services.checkpoints import keep_checkpoint
from audit.services.events import AuditService
from audit.trails import log_security
from tenants.models import TenantModel
from tenants.scope import in_tenant


def note_restore(backup_id: str, tenant_ids: Sequence[UUID] | None) -> None:
    """Write an entry to the tenants' chains, or to every one (None), and a new checkpoint for each that is whole.

    One that is not whole keeps its checkpoint: it stays a finding.
    """
    log_security("data_restored", backup=backup_id)
    chains: list[UUID | None] = [None, *TenantModel.objects.values_list("pk", flat=True)]
    if tenant_ids is not None:
        chains = [*tenant_ids]
    for tenant_id in chains:
        with _unit_of(tenant_id):
            is_whole = verify_chain(tenant_id, behind=examine(archives_of(tenant_id)).end).is_whole
        AuditService.log_event("data_restored", None, tenant_id, "backup", backup_id)
        if is_whole:
            with _unit_of(tenant_id):
                keep_checkpoint(tenant_id)


def _unit_of(tenant_id: UUID | None) -> AbstractContextManager[Any]:
    return in_tenant(tenant_id) if tenant_id else nullcontext()
