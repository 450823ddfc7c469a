"""Tickets for a visitor's sockets (api.md, "WebSocket")."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.exceptions import NotFound, PermissionDenied
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import ViewSet

from chats.services.tickets import LIFE_SECONDS, make_ticket
from chats.services.visibility import chats_of
from tenants.api.views import TenantAPIView


class TicketRequestSerializer(serializers.Serializer[Any]):
    """Which chat's socket is to be opened."""

    chat_id = serializers.UUIDField()


class TicketSerializer(serializers.Serializer[Any]):
    """A ticket, and for how many seconds it is good."""

    ticket = serializers.CharField()
    expires_in = serializers.IntegerField()


class TicketViewSet(TenantAPIView, ViewSet):
    """Tickets are for visitors: a browser sends a person's cookie by itself, and a program sets its headers."""

    resource = "chats"
    visitor_actions = ("create",)

    @extend_schema(request=TicketRequestSerializer, responses={201: TicketSerializer}, operation_id="widget_ticket")
    def create(self, request: Request) -> Response:
        """Make a ticket for one opening of a chat's socket."""
        wanted = TicketRequestSerializer(data=request.data)
        wanted.is_valid(raise_exception=True)
        if not self.caller.is_visitor:
            raise PermissionDenied
        chat_id = wanted.validated_data["chat_id"]
        if not chats_of(self.caller).filter(chat_id=chat_id).exists():
            raise NotFound
        ticket = {"ticket": make_ticket(self.caller, chat_id), "expires_in": LIFE_SECONDS}
        return Response(ticket, status=status.HTTP_201_CREATED)
