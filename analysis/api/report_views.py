"""The tenant's reports (api.md, `reports/`): those that were kept, one more, and each as a file."""

from typing import Any, Final

import django_filters
from django.db.models import QuerySet
from django.http import HttpResponse
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import mixins, status
from rest_framework.decorators import action
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from analysis.api.report_serializers import ReportOrderSerializer, ReportSerializer, WholeReportSerializer
from analysis.models import Report, ReportPeriod, ReportType
from analysis.reports.formats import FORMATS, file_name
from analysis.services.daily import today_in
from analysis.services.due_reports import make_asked_report
from analysis.services.report_periods import EARLIEST, Span
from analysis.services.reports import StillCountingError
from chats.api.errors import Conflict
from tenants.api.pagination import CursorPages
from tenants.api.views import TenantAPIView
from tenants.models import TenantModel
from tenants.scope import current_tenant_id, in_tenant

# A request counts days for no longer; what was counted stays counted, and asking again goes on from there.
SECONDS: Final = 10.0
FORMAT: Final = OpenApiParameter("format", enum=list(FORMATS), default="pdf", description="The kind of file.")
FILES: Final[dict[Any, Any]] = {
    (200, form.media_type.partition(";")[0]): OpenApiTypes.BINARY if name == "pdf" else OpenApiTypes.STR
    for name, form in FORMATS.items()
}


class StillCounting(Conflict):
    """409: the days are being counted."""

    default_code = "in_progress"
    wait = 1

    def __init__(self) -> None:
        super().__init__(_("The days of this report are still being counted. Ask again."))


class ReportFilter(django_filters.FilterSet):
    """Filters of the list."""

    type = django_filters.ChoiceFilter(field_name="report_type", choices=ReportType.choices)
    period = django_filters.ChoiceFilter(choices=ReportPeriod.choices)
    first_day = django_filters.DateFilter()


class ReportPages(CursorPages):
    """Those made last come first."""

    ordering = "-id"


class ReportViewSet(TenantAPIView, mixins.ListModelMixin, mixins.RetrieveModelMixin, GenericViewSet[Report]):
    """Reports of whole days, weeks and months; each is made once and stays as it was."""

    resource = "reports"
    own_transactions = frozenset({"create"})
    filterset_class = ReportFilter
    pagination_class = ReportPages
    lookup_value_converter = "uuid"

    def get_queryset(self) -> QuerySet[Report]:
        """Return the tenant's reports; a list is read without their figures."""
        rows = Report.objects.all()
        return rows.defer("data") if self.action == "list" else rows

    def get_serializer_class(self) -> Any:
        """Return the serializer; a list has no figures."""
        return ReportSerializer if self.action == "list" else WholeReportSerializer

    def perform_content_negotiation(self, request: Request, force: bool = False) -> Any:  # noqa: FBT001, FBT002
        """Let `format` and Accept name a kind of file where a file is asked for: errors are JSON all the same."""
        return super().perform_content_negotiation(request, force=force or self.action == "file")

    @extend_schema(request=ReportOrderSerializer, responses={201: WholeReportSerializer, 200: WholeReportSerializer})
    def create(self, request: Request) -> Response:
        """Make the report of a day, week or month that is over; 200 with the first where it was made before.

        409 `in_progress` while its days are still being counted.
        """
        asked = ReportOrderSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        with in_tenant(current_tenant_id()):
            tenant = TenantModel.objects.get(pk=current_tenant_id())
        kind, span = ReportType(asked.validated_data["type"]), self._span(tenant, asked.validated_data)
        try:
            report, is_new = make_asked_report(tenant, kind, span, by=self.caller.user, seconds=SECONDS)
        except StillCountingError as error:
            raise StillCounting from error
        code = status.HTTP_201_CREATED if is_new else status.HTTP_200_OK
        return Response(WholeReportSerializer(report).data, status=code)

    def _span(self, tenant: TenantModel, asked: dict[str, Any]) -> Span:
        period, today = ReportPeriod(asked["period"]), today_in(tenant.timezone)
        day = asked.get("day")
        if day is None:
            return Span.last_whole(period, today)
        if not EARLIEST <= day <= today:
            raise ValidationError({"day": [_("Name a day between 2000 and today.")]}, code="invalid")
        span = Span.holding(period, day)
        if span.last >= today:
            raise ValidationError({"day": [_("A report is made of days that are over.")]}, code="invalid")
        return span

    @extend_schema(parameters=[FORMAT], responses=FILES)
    @action(detail=True)
    def file(self, request: Request, pk: Any = None) -> HttpResponse:
        """Return a report as a file, in the language that `Accept-Language` names."""
        form = request.query_params.get("format", "pdf")
        if form not in FORMATS:
            raise ValidationError({"format": [_("Use one of: %(formats)s.") % {"formats": ", ".join(FORMATS)}]},
                                  code="invalid_choice")  # fmt: skip
        data = self.get_object().data
        answer = HttpResponse(FORMATS[form].write(data), content_type=FORMATS[form].media_type)
        name = content_disposition_header(as_attachment=True, filename=file_name(data, form))
        answer["Content-Disposition"] = name or "attachment"
        return answer
