"""Chats and their messages (api.md)."""

from collections.abc import Callable, Sequence
from typing import Any
from uuid import UUID

import django_filters
from django.db.models import QuerySet
from django.utils.translation import gettext as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import mixins, status
from rest_framework.decorators import action
from rest_framework.exceptions import NotFound, PermissionDenied, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from audit.services.acts import log_act
from chats.api.errors import api_errors, too_fast
from chats.api.serializers import (
    AssignSerializer,
    ChatSerializer,
    EscalationSerializer,
    MessagePageSerializer,
    MessageSerializer,
)
from chats.models import ChatModel, ChatStatus, Contact, ContentChatModel
from chats.services import lifecycle
from chats.services.handover import ask_for_person
from chats.services.media import with_media
from chats.services.message_details import details_of
from chats.services.messages import post_message
from chats.services.pace import seconds_to_wait
from chats.services.visibility import chats_of
from tenants.api.pagination import CursorPages, page_size_of
from tenants.api.parsers import MessageJSONParser
from tenants.api.views import TenantAPIView
from tenants.client_address import client_address
from tenants.models import Membership
from tenants.scope import in_tenant

SENDERS = {"user", "agent", "staff"}


class ChatFilter(django_filters.FilterSet):
    """Filters of the list (api.md)."""

    agent = django_filters.CharFilter(field_name="agent__slug")
    created_after = django_filters.IsoDateTimeFilter(field_name="created_at", lookup_expr="gte")
    created_before = django_filters.IsoDateTimeFilter(field_name="created_at", lookup_expr="lt")
    assigned_to = django_filters.UUIDFilter(field_name="assigned_to_id")

    class Meta:
        model = ChatModel
        fields = ["status", "user_id", "channel"]


class ChatPages(CursorPages):
    """The latest first."""

    ordering = ("-last_activity", "-id")  # type: ignore[assignment]


class ChatViewSet(
    TenantAPIView,
    mixins.ListModelMixin,
    mixins.RetrieveModelMixin,
    mixins.UpdateModelMixin,
    GenericViewSet[ChatModel],
):
    """Conversations. A visitor sees its own."""

    resource = "chats"
    queryset = ChatModel.objects.all()
    visitor_actions = ("list", "retrieve", "create", "escalate", "complete")
    serializer_class = ChatSerializer
    filterset_class = ChatFilter
    pagination_class = ChatPages
    lookup_field = "chat_id"
    lookup_value_converter = "uuid"
    http_method_names = ["get", "post", "patch", "delete", "head", "options"]

    def get_queryset(self) -> QuerySet[ChatModel]:
        """Return the tenant's chats that the caller may see."""
        asks_for_deleted = self.request.query_params.get("status") == ChatStatus.DELETED
        with_deleted = asks_for_deleted and self.caller.may("agents", "write")
        return chats_of(self.caller, with_deleted=with_deleted).select_related("agent")

    def filter_queryset(self, queryset: Any) -> Any:
        """Filter the list; a chat that is asked for by its id is that chat."""
        return super().filter_queryset(queryset) if self.action == "list" else queryset

    def create(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Open a conversation; a visitor's own for a visitor."""
        contact, data = None, dict(request.data) if isinstance(request.data, dict) else request.data
        if self.caller.is_visitor and self.caller.contact_id:
            contact = Contact.objects.get(pk=self.caller.contact_id)
            data = {"user_id": contact.external_id, "channel": contact.channel}
        wanted = self.get_serializer(data=data)
        wanted.is_valid(raise_exception=True)
        fields = wanted.validated_data
        chat = lifecycle.create_chat(
            user_id=fields["user_id"],
            channel=fields["channel"],
            contact=contact,
            agent=fields.get("agent"),
            title=fields.get("title", ""),
            settings=fields.get("settings"),
        )
        chat.refresh_from_db()
        return Response(ChatSerializer(chat).data, status=status.HTTP_201_CREATED)

    @extend_schema(responses={204: None})
    def destroy(self, request: Request, *args: Any, chat_id: UUID, **kwargs: Any) -> Response:
        """Hide the conversation (it is purged by retention)."""
        with api_errors():
            lifecycle.delete(chat_id=chat_id)
        self._log("chat_delete", chat_id)
        return Response(status=status.HTTP_204_NO_CONTENT)

    def perform_update(self, serializer: Any) -> None:
        """Store what was changed of a conversation."""
        chat = serializer.save()
        self._log("chat_changed", chat.chat_id, fields=sorted(serializer.validated_data))

    def _changed(self, change: Callable[..., ChatModel], **arguments: Any) -> Response:
        with api_errors():
            chat = change(**arguments)
        self._log(f"chat_{self.action}", chat.chat_id)
        return Response(ChatSerializer(chat).data)

    def _log(self, action: str, chat_id: UUID, **details: Any) -> None:
        log_act(action, self.caller, "chat", chat_id, details, client_address(self.request._request))

    @extend_schema(request=None, responses=ChatSerializer)
    @action(detail=True, methods=["post"])
    def complete(self, request: Request, chat_id: UUID) -> Response:
        """Mark the conversation as done."""
        self.get_object()
        return self._changed(lifecycle.complete, chat_id=chat_id)

    @extend_schema(request=None, responses=ChatSerializer)
    @action(detail=True, methods=["post"])
    def archive(self, request: Request, chat_id: UUID) -> Response:
        """Close the conversation for good."""
        return self._changed(lifecycle.archive, chat_id=chat_id)

    @extend_schema(request=None, responses=ChatSerializer)
    @action(detail=True, methods=["post"])
    def reopen(self, request: Request, chat_id: UUID) -> Response:
        """Take the conversation up again."""
        return self._changed(lifecycle.reopen, chat_id=chat_id)

    @extend_schema(request=None, responses=ChatSerializer)
    @action(detail=True, methods=["post"])
    def release(self, request: Request, chat_id: UUID) -> Response:
        """Give the conversation back to its agent."""
        return self._changed(lifecycle.release, chat_id=chat_id)

    @extend_schema(request=EscalationSerializer, responses=ChatSerializer)
    @action(detail=True, methods=["post"])
    def escalate(self, request: Request, chat_id: UUID) -> Response:
        """Ask for a person."""
        wanted = EscalationSerializer(data=request.data or {})
        wanted.is_valid(raise_exception=True)
        return self._changed(
            ask_for_person,
            chat_id=chat_id,
            contact_id=self.caller.contact_id,
            reason=wanted.validated_data["reason"],
            asked_by_person=self.caller.user is None,
        )

    @extend_schema(request=AssignSerializer, responses=ChatSerializer)
    @action(detail=True, methods=["post"])
    def assign(self, request: Request, chat_id: UUID) -> Response:
        """Give the conversation to one of the staff."""
        wanted = AssignSerializer(data=request.data or {})
        wanted.is_valid(raise_exception=True)
        own_id = self.caller.user.pk if self.caller.user else None
        user_id: UUID | None = wanted.validated_data.get("assigned_to", own_id)
        member = Membership.objects.select_related("user").filter(user_id=user_id).first() if user_id else None
        if member is None:
            raise ValidationError({"assigned_to": [_("Name a member of this tenant.")]}, code="invalid")
        return self._changed(lifecycle.assign, chat_id=chat_id, user=member.user)


class MessageViewSet(TenantAPIView, GenericViewSet[Any]):
    """A chat's messages, in their order."""

    resource = "chats"
    queryset = ContentChatModel.objects.all()
    visitor_actions: tuple[str, ...] = ("list", "create")
    own_transactions = one_with_its_answer = frozenset({"create"})
    parser_classes = [MessageJSONParser]
    serializer_class = MessageSerializer
    filterset_class = None
    pagination_class = None

    @extend_schema(
        parameters=[
            OpenApiParameter("after_sequence", OpenApiTypes.INT),
            OpenApiParameter("before_sequence", OpenApiTypes.INT),
            OpenApiParameter("page_size", OpenApiTypes.INT),
        ],
        responses=MessagePageSerializer,
    )
    def list(self, request: Request, chat_id: UUID) -> Response:
        """Return a page of messages: after a sequence, before one, or from the beginning."""
        found = chats_of(self.caller).filter(chat_id=chat_id).first()
        if found is None:
            raise NotFound
        size = page_size_of(request, CursorPages.page_size, CursorPages.max_page_size)
        before = self._number("before_sequence", 0)
        after = self._number("after_sequence", 0)
        rows = found.contents.select_related("author")
        if before:
            page = list(rows.filter(sequence__lt=before, sequence__gt=after).order_by("-sequence")[: size + 1])
            more, page = len(page) > size, list(reversed(page[:size]))
        else:
            page = list(rows.filter(sequence__gt=after).order_by("sequence")[: size + 1])
            more, page = len(page) > size, page[:size]
        for message in page:
            message.chat = found
        with_media(page)
        return Response(self._page(request, page, more=more, backwards=bool(before), size=size))

    def _page(self, request: Request, page: Any, *, more: bool, backwards: bool, size: int) -> dict[str, Any]:
        def link(**query: int) -> str:
            words = "&".join(f"{name}={value}" for name, value in {**query, "page_size": size}.items())
            return f"{request.build_absolute_uri(request.path)}?{words}"

        has_next = bool(page) and (more or backwards)
        has_previous = bool(page) and page[0].sequence > 1
        return {
            "next": link(after_sequence=page[-1].sequence) if has_next else None,
            "previous": link(before_sequence=page[0].sequence) if has_previous else None,
            "results": self._results(page),
        }

    def _results(self, page: Any) -> Sequence[dict[str, Any]]:
        """Return messages on the wire; what the analysis says of them is for the staff alone."""
        results = [dict(message) for message in MessageSerializer(page, many=True).data]
        if self.caller.is_visitor:
            return results
        details = details_of([message.pk for message in page])
        return [result | details[message.pk] for result, message in zip(results, page, strict=True)]

    def _number(self, name: str, default: int) -> int:
        text = self.request.query_params.get(name, "")
        if not text:
            return default
        if not text.isdecimal() or len(text) > 9:
            raise ValidationError({name: [_("Use a whole number.")]}, code="invalid")
        return int(text)

    @extend_schema(request=MessageSerializer, responses={201: MessageSerializer, 200: MessageSerializer})
    def create(self, request: Request, chat_id: UUID) -> Response:
        """Accept one message; the same client_message_id again answers 200 with the first."""
        data = request.data
        if not isinstance(data, dict):
            raise ValidationError(_("Send a JSON object."), code="invalid")
        if "content" not in data or data["content"] is None:
            raise ValidationError({"content": [_("This field is required.")]}, code="required")
        if wait := seconds_to_wait(self.caller):
            raise too_fast(wait)
        with api_errors():
            posted = post_message(
                chat_id=chat_id,
                content=data["content"],
                content_type=data.get("content_type", "text"),
                client_message_id=data.get("client_message_id"),
                in_response_to_id=self._in_response_to(chat_id, data.get("in_response_to")),
                contact_id=self.caller.contact_id,
                **self._speaker(data.get("sender")),
            )
        code = status.HTTP_201_CREATED if posted.created else status.HTTP_200_OK
        if not posted.created:
            posted.message.chat.chat_id = chat_id
        return Response(MessageSerializer(posted.message).data, status=code)

    def _speaker(self, sender: Any) -> dict[str, Any]:
        default = "staff" if self.caller.user else "user"
        if sender is None or sender == default:
            return {"sender": default, "author": self.caller.user}
        if not isinstance(sender, str) or sender not in SENDERS:
            raise ValidationError({"sender": [_("Use user, agent or staff.")]}, code="invalid")
        if not self.caller.may_speak_as():
            raise PermissionDenied(_("You may not speak in another's name."))
        return {"sender": sender, "author": self.caller.user if sender == "staff" else None}

    def _in_response_to(self, chat_id: UUID, message_id: Any) -> int | None:
        if message_id is None:
            return None
        with in_tenant(self.caller.tenant_id):  # type: ignore[arg-type]
            known = str(message_id).isdecimal() and len(str(message_id)) < 19
            chat = ChatModel.objects.filter(chat_id=chat_id).first() if known else None
            if chat is None or not chat.contents.filter(pk=int(message_id)).exists():
                raise ValidationError(
                    {"in_response_to": [_("There is no such message in this chat.")]}, code="not_found"
                )
        return int(message_id)
