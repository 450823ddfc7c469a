"""The kind of work that `analysis` brings to the work rows, and what it does again and again."""

from datetime import timedelta

from django.utils.translation import gettext_lazy as _

from analysis.services import jobs
from analysis.services.daily import refresh_days
from analysis.services.due_reports import make_due_reports
from analysis.tasks import work_off_analysis
from tenants.services.schedules import SCHEDULES, ScheduleEntry
from tenants.services.work import WORK_KINDS, WorkKind


def _ring(ref_id: str) -> None:
    work_off_analysis.delay(ref_id)


WORK_KINDS.add(jobs.ANALYSIS, WorkKind(ring=_ring, run=jobs.work_off, died=jobs.gave_up))
SCHEDULES.add("analysis.days", ScheduleEntry(_("count the figures of days"), timedelta(hours=1), refresh_days))
SCHEDULES.add(
    "analysis.reports",
    ScheduleEntry(
        _("make and mail the reports that are due"),
        timedelta(days=1),
        make_due_reports,
        timedelta(hours=4),
        sends_out=True,
    ),
)
