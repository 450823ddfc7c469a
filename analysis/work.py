"""The kind of work that `analysis` brings to the work rows."""

from analysis.services import jobs
from analysis.tasks import work_off_analysis
from tenants.services.work import WORK_KINDS, WorkKind


def _ring(ref_id: str) -> None:
    work_off_analysis.delay(ref_id)


WORK_KINDS.add(jobs.ANALYSIS, WorkKind(ring=_ring, run=jobs.work_off, died=jobs.gave_up))
