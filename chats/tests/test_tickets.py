"""Tickets: they open one chat's socket once, soon, and for nobody else."""

import json
import time
import uuid
from typing import Any
from unittest.mock import patch

import pytest
import redis
from asgiref.sync import sync_to_async
from rest_framework.test import APIClient

from chats.models import ChatModel
from chats.services.tickets import redeem
from config.routing import websockets
from tenants.limits import buckets
from tenants.models import TenantModel, User
from tests.support.cast import Visitor, client_of, client_with_key, make_visitor
from tests.support.websocket import WebsocketCommunicator

TICKETS = "/api/v1/widget/tickets/"
pytestmark = pytest.mark.django_db(transaction=True)


def ticket_of(visitor: Visitor) -> str:
    answer = visitor.client.post(TICKETS, {"chat_id": str(visitor.chat.chat_id)})
    assert answer.status_code == 201, answer.content
    assert answer.json()["expires_in"] == 30
    return str(answer.json()["ticket"])


async def first_word(chat_id: object, ticket: str, **headers: str) -> Any:
    """Open a chat's socket with a ticket; return the type of the first frame, or the code that it is closed with."""
    socket = WebsocketCommunicator(websockets, f"/ws/chats/{chat_id}/", ["charla.v1", f"bearer.{ticket}"])
    socket.scope["headers"] = [(name.encode(), value.encode()) for name, value in headers.items()]
    assert await socket.connect() == "charla.v1"
    answer = await socket.receive_output(timeout=30)
    if answer["type"] == "websocket.close":
        return answer["code"]
    await socket.disconnect()
    return json.loads(answer["text"])["type"]


async def test_a_ticket_opens_its_socket_once(visitor: Visitor) -> None:
    ticket = await sync_to_async(ticket_of)(visitor)
    assert await first_word(visitor.chat.chat_id, ticket) == "ready"
    assert await first_word(visitor.chat.chat_id, ticket) == 4401


async def test_a_ticket_is_for_its_chat_alone(tenant: TenantModel, visitor: Visitor) -> None:
    other = await sync_to_async(make_visitor)(tenant)
    ticket = await sync_to_async(ticket_of)(visitor)
    assert await first_word(other.chat.chat_id, ticket) == 4401
    assert await first_word(visitor.chat.chat_id, ticket) == "ready", "it was not used by that"


def test_a_ticket_is_old_after_half_a_minute(visitor: Visitor) -> None:
    ticket, chat_id = ticket_of(visitor), visitor.chat.chat_id
    with patch("django.core.signing.time.time", return_value=time.time() + 31):
        assert redeem(ticket, chat_id) is None
    assert redeem(ticket, chat_id) is not None


def test_a_changed_ticket_is_none(visitor: Visitor) -> None:
    ticket = ticket_of(visitor)
    for wrong in (ticket[:-1] + ("a" if ticket[-1] != "a" else "b"), ticket.replace(".", "", 1), "tk_", "tk_~~"):
        assert redeem(wrong, visitor.chat.chat_id) is None
    assert redeem(ticket, None) is None


def test_a_ticket_fits_into_a_subprotocol_and_does_not_hold_the_token(visitor: Visitor) -> None:
    ticket = ticket_of(visitor)
    assert all(letter.isascii() and (letter.isalnum() or letter in "!#$%&'*+-.^_`|~") for letter in ticket)
    assert visitor.token not in ticket


def test_a_ticket_is_used_once_also_while_valkey_is_away(visitor: Visitor, monkeypatch: pytest.MonkeyPatch) -> None:
    def away() -> Any:
        raise redis.ConnectionError("away")

    ticket, chat_id = ticket_of(visitor), visitor.chat.chat_id
    monkeypatch.setattr(buckets, "client", away)
    assert [redeem(ticket, chat_id) is not None for _time in range(2)] == [True, False]


def test_a_ticket_that_another_process_has_seen_is_used(visitor: Visitor) -> None:
    ticket, chat_id = ticket_of(visitor), visitor.chat.chat_id
    assert redeem(ticket, chat_id) is not None
    from tenants.limits import once

    once._seen.clear()  # as another process remembers nothing
    assert redeem(ticket, chat_id) is None


def test_only_a_visitor_gets_one_and_only_for_its_own_chat(
    tenant: TenantModel, visitor: Visitor, their_chat: ChatModel, admin: User
) -> None:
    body = {"chat_id": str(visitor.chat.chat_id)}
    assert APIClient().post(TICKETS, body).status_code == 401
    assert client_with_key(tenant).post(TICKETS, body).status_code == 403
    assert client_of(admin).post(TICKETS, body).status_code == 403
    for foreign in (their_chat.chat_id, make_visitor(tenant).chat.chat_id, uuid.uuid4()):
        assert visitor.client.post(TICKETS, {"chat_id": str(foreign)}).status_code == 404
    assert visitor.client.post(TICKETS, {"chat_id": "x"}).status_code == 400


async def test_a_visitors_socket_is_for_pages_that_the_tenant_allows(visitor: Visitor) -> None:
    chat_id, token = visitor.chat.chat_id, visitor.token
    assert await first_word(chat_id, token, origin="https://elsewhere.example", host="charla.example") == 4403
    assert await first_word(chat_id, token, origin="https://charla.example", host="charla.example") == "ready"
