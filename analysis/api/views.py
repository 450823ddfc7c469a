"""What people thought of a conversation (api.md, `chats/{chat_id}/rating/`)."""

from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import ViewSet

from analysis.services.ratings import rate_chat
from chats.api.errors import api_errors
from tenants.api.views import TenantAPIView

LONGEST_COMMENT = 2000


class RatingSerializer(serializers.Serializer[Any]):
    """A rating on the wire."""

    rating = serializers.IntegerField(min_value=1, max_value=5)
    comment = serializers.CharField(max_length=LONGEST_COMMENT, required=False, allow_blank=True, default="")


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
