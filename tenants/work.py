"""The kinds of work that `tenants` brings to the work rows."""

from tenants.services.schedules import KIND, nothing_makes_up, run_scheduled
from tenants.services.work import WORK_KINDS, WorkKind
from tenants.tasks import run_schedule


def _ring(ref_id: str) -> None:
    run_schedule.delay(ref_id)


WORK_KINDS.add(KIND, WorkKind(ring=_ring, run=run_scheduled, died=nothing_makes_up))
