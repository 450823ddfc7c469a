"""Search in messages and chats (api.md); for the staff and programs, not for visitors."""

from typing import Any, Final

from django.utils.dateparse import parse_datetime
from django.utils.timezone import is_naive
from django.utils.translation import gettext as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from chats.api.serializers import ChatSerializer, MessageSerializer
from chats.models import Sender
from chats.services.media import with_media
from chats.services.searching import Filters, Hits, search_chats, search_messages
from tenants.api.pagination import page_size_of
from tenants.api.views import TenantAPIView

USUAL: Final = 20
MOST: Final = 50
PARAMETERS: Final = [
    OpenApiParameter("q", OpenApiTypes.STR, required=True, description='Words, "a phrase", -not.'),
    OpenApiParameter("chat", OpenApiTypes.UUID, description="In this chat alone."),
    OpenApiParameter("sender", OpenApiTypes.STR, enum=list(Sender.values)),
    OpenApiParameter("created_after", OpenApiTypes.DATETIME),
    OpenApiParameter("created_before", OpenApiTypes.DATETIME),
    OpenApiParameter("cursor", OpenApiTypes.STR),
    OpenApiParameter("page_size", OpenApiTypes.INT, description="1 to 50, usually 20."),
]


class PieceSerializer(serializers.Serializer[Any]):
    """A piece of an excerpt: plain text, and whether it is what was searched for."""

    text = serializers.CharField()
    is_match = serializers.BooleanField()


class MessageHitSerializer(serializers.Serializer[Any]):
    """A message that was found."""

    message = MessageSerializer()
    excerpt = PieceSerializer(many=True)


class ChatHitSerializer(serializers.Serializer[Any]):
    """A chat that was found, with its latest message that matches."""

    chat = ChatSerializer()
    message = MessageSerializer()
    excerpt = PieceSerializer(many=True)


class MessageHitsSerializer(serializers.Serializer[Any]):
    """A page of messages, newest first."""

    next = serializers.CharField(allow_null=True)
    previous = serializers.CharField(allow_null=True)
    results = MessageHitSerializer(many=True)


class ChatHitsSerializer(serializers.Serializer[Any]):
    """A page of chats, that with the latest matching message first."""

    next = serializers.CharField(allow_null=True)
    previous = serializers.CharField(allow_null=True)
    results = ChatHitSerializer(many=True)


class SearchView(TenantAPIView):
    """What both searches take and answer."""

    resource = "chats"

    def wanted(self, request: Request) -> dict[str, Any]:
        """Return what to search for; ValidationError (400) for a parameter that cannot be read."""
        query = request.query_params.get("q", "").strip()
        if not query:
            raise ValidationError({"q": [_("Say what to search for.")]}, code="required")
        return {
            "query": query,
            "filters": self._filters(request),
            "size": page_size_of(request, USUAL, MOST),
            "before": self._cursor(request),
        }

    def answer(self, request: Request, page: Hits, results: list[dict[str, Any]]) -> Response:
        """Return the page with the link to the next one."""
        link = None
        if page.next is not None:
            query = request.query_params.copy()
            query["cursor"] = str(page.next)
            link = request.build_absolute_uri(f"{request.path}?{query.urlencode()}")
        return Response({"next": link, "previous": None, "results": results})

    def _filters(self, request: Request) -> Filters:
        sender = request.query_params.get("sender") or None
        if sender is not None and sender not in Sender.values:
            raise ValidationError({"sender": [_("Use user, agent, staff or system.")]}, code="invalid")
        return Filters(
            chat_id=self._chat(request),
            sender=sender,
            after=self._time(request, "created_after"),
            before=self._time(request, "created_before"),
        )

    def _chat(self, request: Request) -> Any:
        text = request.query_params.get("chat")
        try:
            return serializers.UUIDField().run_validation(text) if text else None
        except ValidationError as error:
            raise ValidationError({"chat": error.detail}) from error

    def _time(self, request: Request, name: str) -> Any:
        text = request.query_params.get(name, "").replace(" ", "+")
        if not text:
            return None
        try:
            time = parse_datetime(text)
        except ValueError:
            time = None
        if time is None or is_naive(time):
            raise ValidationError({name: [_("Use a time in ISO 8601 with its zone.")]}, code="invalid")
        return time

    def _cursor(self, request: Request) -> int | None:
        text = request.query_params.get("cursor", "")
        if not text:
            return None
        if not (text.isascii() and text.isdecimal()) or len(text) > 18:
            raise ValidationError({"cursor": [_("This cursor is not one of ours.")]}, code="invalid")
        return int(text)


class MessageSearchView(SearchView):
    """Search in the tenant's messages."""

    @extend_schema(operation_id="search_messages", parameters=PARAMETERS, responses=MessageHitsSerializer)
    def get(self, request: Request) -> Response:
        """Return the messages that match, newest first, each with the part that has the words."""
        page = search_messages(**self.wanted(request))
        with_media([hit.message for hit in page.hits])
        return self.answer(request, page, [dict(row) for row in MessageHitSerializer(page.hits, many=True).data])


class ChatSearchView(SearchView):
    """Search in the tenant's chats by their messages."""

    @extend_schema(operation_id="search_chats", parameters=PARAMETERS, responses=ChatHitsSerializer)
    def get(self, request: Request) -> Response:
        """Return the chats with messages that match, each with the latest of them."""
        page = search_chats(**self.wanted(request))
        with_media([hit.message for hit in page.hits])
        rows = [{"chat": hit.message.chat, "message": hit.message, "excerpt": hit.excerpt} for hit in page.hits]
        return self.answer(request, page, [dict(row) for row in ChatHitSerializer(rows, many=True).data])
