"""The tenant's audit log and error log (api.md, `audit-logs/`, `error-logs/`): to be read by its administrators."""

from typing import Any

import django_filters
from django.db.models import QuerySet
from rest_framework import mixins
from rest_framework.viewsets import GenericViewSet

from audit.api.serializers import AuditLogSerializer, ErrorLogSerializer
from audit.models import AuditLog, ErrorLog
from tenants.api.pagination import CursorPages
from tenants.api.views import TenantAPIView
from tenants.models import Role


class LogView(TenantAPIView):
    """Logs name colleagues and show a program's insides: a person must administrate, a key must have the scope."""

    least_to_read = Role.ADMIN


class AuditLogFilter(django_filters.FilterSet):
    """Filters of the audit log."""

    created_after = django_filters.IsoDateTimeFilter(field_name="created_at", lookup_expr="gte")
    created_before = django_filters.IsoDateTimeFilter(field_name="created_at", lookup_expr="lt")

    class Meta:
        model = AuditLog
        fields = ["action", "actor_id", "object_type", "object_id", "request_id"]


class AuditLogPages(CursorPages):
    """The newest first."""

    ordering = "-id"


class AuditLogViewSet(LogView, mixins.ListModelMixin, mixins.RetrieveModelMixin, GenericViewSet[AuditLog]):
    """What was done in the tenant, by whom."""

    resource = "audit-logs"
    queryset = AuditLog.objects.all()
    serializer_class = AuditLogSerializer
    filterset_class = AuditLogFilter
    pagination_class = AuditLogPages
    lookup_value_regex = "[0-9]{1,18}"

    def get_queryset(self) -> QuerySet[AuditLog]:
        """Return the tenant's entries."""
        return AuditLog.objects.all()


class ErrorLogFilter(django_filters.FilterSet):
    """Filters of the error log."""

    seen_after = django_filters.IsoDateTimeFilter(field_name="last_seen", lookup_expr="gte")

    class Meta:
        model = ErrorLog
        fields = ["error_type", "fingerprint"]


class ErrorLogPages(CursorPages):
    """The latest first."""

    ordering: Any = ("-last_seen", "-id")


class ErrorLogViewSet(LogView, mixins.ListModelMixin, mixins.RetrieveModelMixin, GenericViewSet[ErrorLog]):
    """What went wrong in the tenant, each error once with how often."""

    resource = "error-logs"
    queryset = ErrorLog.objects.all()
    serializer_class = ErrorLogSerializer
    filterset_class = ErrorLogFilter
    pagination_class = ErrorLogPages
    lookup_value_regex = "[0-9]{1,18}"

    def get_queryset(self) -> QuerySet[ErrorLog]:
        """Return the tenant's errors."""
        return ErrorLog.objects.all()
