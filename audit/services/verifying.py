"""Verifying every chain against itself and against its checkpoint."""

from dataclasses import dataclass
from uuid import UUID

from audit.services.chain import ChainReport, verify_chain
from audit.services.checkpoints import Checkpoint, checkpoint_of, keep_checkpoint, still_holds
from audit.trails import log_security
from tenants.scope import current_tenant_id, in_tenant


@dataclass(frozen=True)
class Verdict:
    """What is known of one chain. `checkpoint` is the one that it was held against, None where there was none."""

    chain: ChainReport
    checkpoint: Checkpoint | None
    fits_checkpoint: bool

    @property
    def is_whole(self) -> bool:
        """Whether nothing was changed, removed, moved, cut off or written anew."""
        return self.chain.is_whole and self.fits_checkpoint


def verify(tenant_id: UUID | None) -> Verdict:
    """Verify a chain; one that is whole gets a new checkpoint. In the tenant's unit of work (None: in none)."""
    report = verify_chain(tenant_id)
    try:
        checkpoint = checkpoint_of(tenant_id)
        fits = checkpoint is None or still_holds(tenant_id, checkpoint)
    except ValueError:
        checkpoint, fits = None, False
    verdict = Verdict(report, checkpoint, fits)
    if verdict.is_whole:
        keep_checkpoint(tenant_id)
    return verdict


class BrokenChainError(RuntimeError):
    """The audit log is not as it was written."""


def verify_or_raise() -> str:
    """Verify the current tenant's chain, for the schedule; BrokenChainError when it is not whole."""
    tenant_id = current_tenant_id()
    with in_tenant(tenant_id):
        verdict = verify(tenant_id)
    if not verdict.is_whole:
        log_security("audit_not_whole", tenant=tenant_id)
        raise BrokenChainError("The audit log is not as it was written: run manage.py verify_audit.")
    return f"{verdict.chain.rows} entries"
