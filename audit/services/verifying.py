"""Verifying every chain against itself, against its checkpoint, and behind what was archived of it."""

from dataclasses import dataclass
from typing import Final
from uuid import UUID

from audit.services.archives import ArchiveReport, archives_of, examine
from audit.services.chain import ChainReport, Place, verify_chain
from audit.services.checkpoints import checkpoint_of, keep_checkpoint, still_holds
from audit.trails import log_security
from tenants.scope import current_tenant_id, in_tenant

INSTALLATION: Final = "(installation)"  # how commands call the chain of what belongs to no tenant


@dataclass(frozen=True)
class Verdict:
    """What is known of one chain. `checkpoint` is the one that it was held against, None where there was none."""

    chain: ChainReport
    checkpoint: Place | None
    fits_checkpoint: bool
    archives: ArchiveReport

    @property
    def is_whole(self) -> bool:
        """Whether nothing was changed, removed, moved, cut off or written anew, and what is archived was by us."""
        return self.chain.is_whole and self.fits_checkpoint and self.archives.is_whole


def verify(tenant_id: UUID | None) -> Verdict:
    """Verify a chain; one that is whole gets a new checkpoint. In the tenant's unit of work (None: in none)."""
    archives = examine(archives_of(tenant_id))
    report = verify_chain(tenant_id, behind=archives.end)
    try:
        checkpoint = checkpoint_of(tenant_id)
        is_archived = checkpoint is not None and checkpoint.place <= archives.end.place
        fits = checkpoint is None or is_archived or still_holds(tenant_id, checkpoint)
    except ValueError:
        checkpoint, fits = None, False
    verdict = Verdict(report, checkpoint, fits, archives)
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
