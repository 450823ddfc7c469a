"""What was used, by whom and on which day (api.md, `usage/`)."""

import django_filters
from django.db.models import QuerySet
from rest_framework import mixins
from rest_framework.viewsets import GenericViewSet

from analysis.api.report_serializers import UsageSerializer
from analysis.models import UsageMetric
from tenants.api.pagination import CursorPages
from tenants.api.views import TenantAPIView
from tenants.models import Role


class UsageFilter(django_filters.FilterSet):
    """Filters of the list: `from` and `to` are days, both within it."""

    contact = django_filters.UUIDFilter(field_name="contact_id")
    user = django_filters.UUIDFilter(field_name="user_id")
    to = django_filters.DateFilter(field_name="date", lookup_expr="lte")


# A name of the wire that is none of Python's.
UsageFilter.base_filters["from"] = django_filters.DateFilter(field_name="date", lookup_expr="gte")


class UsagePages(CursorPages):
    """What was counted last comes first; ids tell days' rows apart, of which there may be any number."""

    ordering = "-id"


class UsageViewSet(TenantAPIView, mixins.ListModelMixin, GenericViewSet[UsageMetric]):
    """Days of contacts and of the staff, counted from their messages; they stay when those are removed.

    How much each colleague wrote is for who administers the tenant.
    """

    resource = "usage"
    least_to_read = Role.ADMIN
    serializer_class = UsageSerializer
    filterset_class = UsageFilter
    pagination_class = UsagePages

    def get_queryset(self) -> QuerySet[UsageMetric]:
        """Return the tenant's days."""
        return UsageMetric.objects.all()
