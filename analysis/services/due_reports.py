"""The reports that a tenant has made for it: each whole stretch once, kept, told to who runs the tenant, and mailed."""

from typing import Final

from django.db import transaction
from django.utils.translation import gettext_noop

from analysis.models import Report, ReportPeriod, ReportType
from analysis.services.daily import tenant_zone, today_in
from analysis.services.report_periods import Span
from analysis.services.reports import keep_report
from audit.services import AuditService
from notifications.models import NotificationType
from notifications.services.events import record_event
from notifications.services.notifying import RUNNING, Notice, members, tell
from tenants.models import TenantModel, User
from tenants.scope import current_tenant_id
from tenants.services.config import setting

# With the days as numbers, which every language reads; the file says them in words.
WORDS: Final = {
    ReportPeriod.DAILY: gettext_noop("The report of %(first)s is ready."),
    ReportPeriod.WEEKLY: gettext_noop("The report of the week %(first)s to %(last)s is ready."),
    ReportPeriod.MONTHLY: gettext_noop("The report of the month %(first)s to %(last)s is ready."),
}


def make_due_reports() -> None:
    """Make the current tenant's reports of the stretches that its setting `scheduled_reports` names; safe to repeat.

    A stretch that was over before the tenant began has none.
    """
    with transaction.atomic():
        tenant = TenantModel.objects.get(pk=current_tenant_id())
    today = today_in(tenant_zone())
    for period in setting(tenant.pk, "scheduled_reports"):
        span = Span.last_whole(ReportPeriod(period), today)
        if span.last >= tenant.created_at.date():
            keep_report(tenant, ReportType.ALL, span, told=_tell)


def make_asked_report(
    tenant: TenantModel, report_type: ReportType, span: Span, *, by: User | None, seconds: float
) -> tuple[Report, bool]:
    """Make and keep a report that somebody of the tenant asks for; return it, and whether it is new.

    It is told of as if the schedule had made it, where the schedule would. StillCountingError after `seconds`.
    """

    def told(report: Report) -> None:
        is_scheduled = report_type == ReportType.ALL and span.kind in setting(tenant.pk, "scheduled_reports")
        (_tell if is_scheduled else _record)(report)
        about = {"type": report.report_type, "period": report.period, "first_day": report.first_day.isoformat()}
        AuditService.log_event("report_made", by, tenant.pk, "report", str(report.pk), about)

    return keep_report(tenant, report_type, span, seconds=seconds, told=told)


def _tell(report: Report) -> None:
    """Tell of a new report in the transaction that keeps it, so that it is told of once and never not at all."""
    notice = Notice(
        notification_type=NotificationType.REPORT_READY,
        message=WORDS[ReportPeriod(report.period)],
        params={"first": report.first_day.isoformat(), "last": report.last_day.isoformat()},
        data={"report_id": str(report.pk)},
        dedupe_key=f"report:{report.pk}",
    )
    tell(members(RUNNING), notice)
    _record(report)


def _record(report: Report) -> None:
    record_event("report.ready", object_type="report", object_id=report.pk, data={"report_id": str(report.pk)})
