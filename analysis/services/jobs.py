"""What is analysed beside the way of a message: work rows of the kind `analysis`, by the name before the colon.

A job does what takes time outside any transaction and returns what it stores; that is stored, and the row closed, in
one transaction. A job may run again for the same reference, and must then store nothing twice.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import structlog
from django.db import transaction

from tenants.registry import Registry
from tenants.scope import current_tenant_id
from tenants.services.leases import keeper
from tenants.services.work import Lease, LeaseLostError, claim, enqueue, fail, finish

ANALYSIS: Final = "analysis"
logger = structlog.get_logger(__name__)
Effect = Callable[[], None]


def nothing() -> None:
    """Store nothing."""


@dataclass(frozen=True)
class Job:
    """`run` takes what stands after the colon; `died`, in the transaction that gives the row up, makes up for it."""

    run: Callable[[str], Effect]
    died: Callable[[str], None] = lambda about: None


JOBS: Registry[Job] = Registry("analysis job")


def order(name: str, about: object, *, delay: float = 0) -> str:
    """Write the work row of a job in the caller's transaction, once for what it is about; return its reference."""
    ref_id = f"{name}:{about}"
    enqueue(kind=ANALYSIS, dedupe_key=_key(ref_id), tenant_id=current_tenant_id(), ref_id=ref_id, delay=delay)
    return ref_id


def work_off(ref_id: str) -> None:
    """Do a job in the current tenant, if its row is there to be done; a failure is recorded and tried again later."""
    lease = claim(_key(ref_id))
    if lease is None:
        return
    job, about = _job_of(ref_id)
    try:
        with keeper.hold(lease):
            effect = job.run(about)
        with transaction.atomic():
            effect()
            finish(lease)
    except LeaseLostError:
        logger.warning("analysis_taken_over", ref=ref_id)
    except Exception as error:
        logger.exception("analysis_failed", ref=ref_id, attempt=lease.attempts + 1)
        fail(lease, f"{type(error).__name__}: {error}")


def gave_up(lease: Lease, error: str) -> None:
    """Make up for a job that failed for good."""
    job, about = _job_of(lease.ref_id)
    job.died(about)


def _job_of(ref_id: str) -> tuple[Job, str]:
    name, _, about = ref_id.partition(":")
    return JOBS[name], about


def _key(ref_id: str) -> str:
    return f"{ANALYSIS}:{current_tenant_id()}:{ref_id}"
