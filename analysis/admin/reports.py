"""Reports in the administration: those that were kept, and one of any stretch that is asked for."""

from datetime import date
from typing import Any, Final
from zoneinfo import ZoneInfo

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import path
from django.utils import timezone
from django.utils.http import content_disposition_header, urlencode
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from analysis.models import Report, ReportPeriod, ReportType
from analysis.reports.as_html import html_body
from analysis.reports.formats import FORMATS, file_name
from analysis.reports.sections import Data, stretch_of, title_of, whose
from analysis.services.report_periods import EARLIEST, Span
from analysis.services.reports import make_report
from tenants.admin_base import ReadOnly, RoleAdmin, shown_tenant
from tenants.models import TenantModel

# A page counts no longer than this; what is left is counted when it is asked for again, or by the schedule.
SECONDS: Final = 2.0
WHOLE: Final = "all"


@admin.register(Report)
class ReportAdmin(ReadOnly, RoleAdmin):
    """Reports that were made for the tenant, and a form for any other."""

    list_before_template = "analysis/admin/ask_report.html"
    list_display = ("report_type", "period", "days", "created_at")
    list_display_links = ("report_type", "days")
    list_filter = ("report_type", "period")
    ordering = ("-first_day", "-created_at")
    empty_text = _("No report has been made yet: each month's is made when it is over.")

    @display(description=_("days"), ordering="first_day")
    def days(self, report: Report) -> str:
        """Return its days."""
        return stretch_of(report.data)

    def get_urls(self) -> list[Any]:
        """Add the page of a report that is asked for."""
        own = path("now/", self.admin_site.admin_view(self.now_view), name="analysis_report_now")
        return [own, *super().get_urls()]

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Show the form and the list."""
        choices = {"types": ReportType.choices, "periods": ReportPeriod.choices, "asked": ReportPeriod.MONTHLY}
        shown: HttpResponse = super().changelist_view(request, {**(extra_context or {}), **choices})
        return shown

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Show a report as it was made, or give it out as a file."""
        report = self.get_object(request, object_id) if self.has_view_permission(request) else None
        if report is None:
            shown: HttpResponse = super().change_view(request, object_id, form_url, extra_context)
            return shown
        return self._give(request, report.data, {})

    def now_view(self, request: HttpRequest) -> HttpResponse:
        """Show the report of the stretch that a day lies in, as of now, or give it out as a file."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        whole = request.GET.get("of") == WHOLE
        if whole and not request.user.is_superuser:
            raise PermissionDenied
        tenants = list(TenantModel.objects.filter(is_active=True)) if whole else [_shown()]
        zone = "UTC" if whole else tenants[0].timezone
        kind, span = _asked(request, timezone.now().astimezone(ZoneInfo(zone)).date())
        data = make_report(kind, span, tenants, whole=whole, seconds=SECONDS)
        about = {"type": str(kind), "period": str(span.kind), **({"of": WHOLE} if whole else {})}
        nearby = {
            "earlier": urlencode({**about, "day": span.before.first.isoformat()}),
            "later": urlencode({**about, "day": span.after.first.isoformat()}),
        }
        return self._give(request, data, {**nearby, "day": span.first.isoformat(), "whole": whole})

    def _give(self, request: HttpRequest, data: Data, context: dict[str, Any]) -> HttpResponse:
        form = request.GET.get("format")
        if form in FORMATS:
            name = content_disposition_header(as_attachment=True, filename=file_name(data, form))
            answer = HttpResponse(FORMATS[form].write(data), content_type=FORMATS[form].media_type)
            answer["Content-Disposition"] = name or "attachment"
            return answer
        asked = request.GET.copy()
        files = []
        for one in ("pdf", "html", "csv", "json"):
            asked["format"] = one
            files.append((one.upper(), asked.urlencode()))
        page = {
            **self.admin_site.each_context(request), "opts": self.opts, "title": title_of(data), "whose": whose(data),
            "stretch": stretch_of(data), "body": html_body(data), "uncounted": data.get("uncounted", 0),
            "files": files, "types": ReportType.choices, "periods": ReportPeriod.choices, "asked": data["period"],
            "asked_type": data["type"], **context,
        }  # fmt: skip
        return TemplateResponse(request, "analysis/admin/report.html", page)


def _shown() -> TenantModel:
    shown = shown_tenant()
    if shown is None:
        raise PermissionDenied
    return TenantModel.objects.get(pk=shown)


def _asked(request: HttpRequest, today: date) -> tuple[ReportType, Span]:
    """Return what is asked for, by default everything of the last whole month; 404 for nonsense."""
    try:
        kind = ReportType(request.GET.get("type") or ReportType.ALL)
        period = ReportPeriod(request.GET.get("period") or ReportPeriod.MONTHLY)
        day = date.fromisoformat(request.GET["day"]) if request.GET.get("day") else None
    except ValueError as error:
        raise Http404 from error
    if day is None:
        return kind, Span.last_whole(period, today)
    if not EARLIEST <= day <= today:
        raise Http404
    return kind, Span.holding(period, day)
