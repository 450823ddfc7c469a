"""Figures of a period (api.md, `analytics/{overview,agents,sentiment,intents}/`)."""

from collections.abc import Callable
from typing import Any, Final

from django.utils.translation import gettext as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import ViewSet

from analysis.api.serializers import (
    AgentFiguresSerializer,
    IntentFiguresSerializer,
    OverviewSerializer,
    SentimentFiguresSerializer,
)
from analysis.services import analytics
from analysis.services.periods import BadPeriodError, Period
from tenants.api.views import TenantAPIView
from tenants.models import TenantModel
from tenants.scope import current_tenant_id

DAYS: Final = [
    OpenApiParameter("from", OpenApiTypes.DATE, description="The first day; 30 days up to the last where not given."),
    OpenApiParameter("to", OpenApiTypes.DATE, description="The last day; today in the tenant's time zone."),
]


class DaysSerializer(serializers.Serializer[Any]):
    """The days asked for."""

    to = serializers.DateField(required=False)

    def get_fields(self) -> dict[str, Any]:
        """Add `from`, which is no name in Python."""
        return {**super().get_fields(), "from": serializers.DateField(required=False)}


class AnalyticsViewSet(TenantAPIView, ViewSet):
    """How the tenant's conversations go, in days of its time zone; a year at most."""

    resource = "analytics"

    @extend_schema(parameters=DAYS, responses=OverviewSerializer)
    @action(detail=False)
    def overview(self, request: Request) -> Response:
        """Return counts, outcomes, times, ratings and moods, day by day."""
        return self._answer(analytics.overview, OverviewSerializer)

    @extend_schema(parameters=DAYS, responses=AgentFiguresSerializer(many=True))
    @action(detail=False)
    def agents(self, request: Request) -> Response:
        """Return how each agent's conversations went."""
        return self._answer(analytics.by_agent, AgentFiguresSerializer, many=True)

    @extend_schema(parameters=DAYS, responses=SentimentFiguresSerializer)
    @action(detail=False)
    def sentiment(self, request: Request) -> Response:
        """Return people's moods day by day, and the staff's corrections."""
        return self._answer(analytics.sentiment, SentimentFiguresSerializer)

    @extend_schema(parameters=DAYS, responses=IntentFiguresSerializer(many=True))
    @action(detail=False)
    def intents(self, request: Request) -> Response:
        """Return how often each intent was met and how its conversations went."""
        return self._answer(analytics.by_intent, IntentFiguresSerializer, many=True)

    def _answer(self, figures: Callable[[Period], Any], serializer: Any, **options: Any) -> Response:
        return Response(serializer(figures(self._period()), **options).data)

    def _period(self) -> Period:
        asked = DaysSerializer(data=self.request.query_params)
        asked.is_valid(raise_exception=True)
        days = asked.validated_data
        zone = TenantModel.objects.values_list("timezone", flat=True).get(pk=current_tenant_id())
        try:
            return Period.of(days.get("from"), days.get("to"), zone)
        except BadPeriodError as error:
            detail = _("Ask for a period of one day to a year.")
            raise ValidationError({"from": [detail]}, code="invalid") from error
