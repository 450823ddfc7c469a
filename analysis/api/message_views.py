"""What is known of messages, and what the staff know better (api.md, `sentiments/`, `message-intents/`)."""

from collections.abc import Callable
from typing import Any

import django_filters
from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import mixins
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from analysis.api.serializers import (
    MessageIntentCorrectionSerializer,
    MessageIntentSerializer,
    SentimentCorrectionSerializer,
    SentimentSerializer,
)
from analysis.models import MessageIntent, Sentiment, SentimentChatModel
from analysis.services.corrections import NotAnalyzedError, correct_intent, correct_sentiment
from chats.models import ChatStatus
from tenants.api.pagination import CursorPages
from tenants.api.views import TenantAPIView


class LatestFirst(CursorPages):
    """By the time of the message."""

    ordering = ("-timestamp", "-id")  # type: ignore[assignment]


class AnalyzedFilter(django_filters.FilterSet):
    """What lists of analysed messages are filtered by."""

    chat = django_filters.UUIDFilter(field_name="chat__chat_id")
    after = django_filters.IsoDateTimeFilter(field_name="timestamp", lookup_expr="gte")
    before = django_filters.IsoDateTimeFilter(field_name="timestamp", lookup_expr="lt")
    corrected = django_filters.BooleanFilter(field_name="corrected_at", lookup_expr="isnull", exclude=True)


class SentimentFilter(AnalyzedFilter):
    """And moods by what they are."""

    sentiment = django_filters.ChoiceFilter(choices=Sentiment.choices)
    analyzer = django_filters.CharFilter()
    language = django_filters.CharFilter()


class MessageIntentFilter(AnalyzedFilter):
    """And intents by which; `none=true`: none of the tenant's."""

    intent = django_filters.UUIDFilter(field_name="intent_id")
    none = django_filters.BooleanFilter(field_name="intent_id", lookup_expr="isnull")


class AnalyzedViewSet(TenantAPIView, mixins.ListModelMixin, mixins.RetrieveModelMixin, GenericViewSet[Any]):
    """Rows about messages, found by the message's id; those of deleted chats are not shown."""

    pagination_class = LatestFirst
    lookup_field = "message_id"
    lookup_url_kwarg = "message_id"
    lookup_value_converter = "int"
    model: Any

    def get_queryset(self) -> QuerySet[Any]:
        """Return the tenant's rows with their messages and chats."""
        rows: QuerySet[Any] = self.model.objects.exclude(chat__status=ChatStatus.DELETED)
        return rows.select_related("message", "chat")

    def filter_queryset(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Filter the list; a row that is asked for by its message is that row."""
        return super().filter_queryset(queryset) if self.action == "list" else queryset

    def corrected(self, correct: Callable[..., Any], message_id: int, **values: Any) -> Response:
        """Keep a correction and answer with the row as it is now."""
        self.get_object()
        try:
            correct(message_id=message_id, by=self.caller.user, **values)
        except NotAnalyzedError as error:
            raise NotFound from error
        return Response(self.get_serializer(self.get_object()).data)


class SentimentViewSet(AnalyzedViewSet):
    """The sentiments of people's messages."""

    resource = "sentiments"
    model = SentimentChatModel
    queryset = SentimentChatModel.objects.none()
    serializer_class = SentimentSerializer
    filterset_class = SentimentFilter

    @extend_schema(request=SentimentCorrectionSerializer, responses=SentimentSerializer)
    def partial_update(self, request: Request, message_id: int) -> Response:
        """Correct what a message sounds like."""
        wanted = SentimentCorrectionSerializer(data=request.data)
        wanted.is_valid(raise_exception=True)
        return self.corrected(correct_sentiment, message_id, sentiment=Sentiment(wanted.validated_data["sentiment"]))


class MessageIntentViewSet(AnalyzedViewSet):
    """The intents of people's messages."""

    resource = "message-intents"
    model = MessageIntent
    queryset = MessageIntent.objects.none()
    serializer_class = MessageIntentSerializer
    filterset_class = MessageIntentFilter

    def get_queryset(self) -> QuerySet[Any]:
        """Return the rows with their intents too."""
        return super().get_queryset().select_related("intent")

    @extend_schema(request=MessageIntentCorrectionSerializer, responses=MessageIntentSerializer)
    def partial_update(self, request: Request, message_id: int) -> Response:
        """Correct what a message asks for; null: none of the tenant's intents."""
        wanted = MessageIntentCorrectionSerializer(data=request.data)
        wanted.is_valid(raise_exception=True)
        return self.corrected(correct_intent, message_id, intent=wanted.validated_data["intent"])
