"""What one conversation was like (api.md, `chats/{chat_id}/{rating,summary,analytics}/`)."""

from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import ViewSet

from analysis.api.serializers import ChatAnalyticsSerializer, RatingSerializer, SummarySerializer
from analysis.services.figures import figures_of
from analysis.services.ratings import rate_chat
from analysis.services.summaries import summary_now
from chats.api.errors import api_errors
from chats.models import ChatModel
from chats.services.visibility import chats_of
from tenants.api.views import TenantAPIView


class RatingViewSet(TenantAPIView, ViewSet):
    """A conversation's rating."""

    resource = "chats"
    visitor_actions = ("create",)

    @extend_schema(request=RatingSerializer, responses={201: RatingSerializer}, operation_id="chats_rating_create")
    def create(self, request: Request, chat_id: UUID) -> Response:
        """Rate the conversation; a later rating takes the place of the first."""
        wanted = RatingSerializer(data=request.data)
        wanted.is_valid(raise_exception=True)
        with api_errors():
            rate_chat(chat_id=chat_id, contact_id=self.caller.contact_id, **wanted.validated_data)
        return Response(wanted.validated_data, status=status.HTTP_201_CREATED)


class ChatFiguresViewSet(TenantAPIView, ViewSet):
    """What is known of a conversation as a whole; for the staff alone."""

    resource = "chats"

    def _chat(self, chat_id: UUID) -> ChatModel:
        found = chats_of(self.caller).filter(chat_id=chat_id).first()
        if found is None:
            raise NotFound
        return found

    @extend_schema(responses=SummarySerializer, operation_id="chats_summary_retrieve")
    def summary(self, request: Request, chat_id: UUID) -> Response:
        """Return the conversation in short: as it was written at its end, else extracted from what was said so far."""
        return Response(_data(SummarySerializer, summary_now(self._chat(chat_id))))

    @extend_schema(responses=ChatAnalyticsSerializer, operation_id="chats_analytics_retrieve")
    def analytics(self, request: Request, chat_id: UUID) -> Response:
        """Return the conversation's figures as of now."""
        return Response(_data(ChatAnalyticsSerializer, figures_of(self._chat(chat_id))))


def _data(serializer: Any, instance: Any) -> Any:
    return serializer(instance).data
