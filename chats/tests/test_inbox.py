"""The staff's inbox: chats as they change and one's own notifications, and nobody else's (api.md, `/ws/inbox/`)."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from knox.models import get_token_model

from chats.models import ChatModel
from chats.realtime.work_threads import in_thread
from chats.services import lifecycle
from chats.services.messages import post_message
from chats.tests.test_socket import Socket, close_code
from config.routing import websockets
from tenants.models import TenantModel, User
from tests.support.cast import make_visitor
from tests.support.websocket import WebsocketCommunicator

pytestmark = pytest.mark.django_db(transaction=True)


def dial(token: str) -> WebsocketCommunicator:
    """Return a client at the inbox."""
    return WebsocketCommunicator(websockets, "/ws/inbox/", subprotocols=["charla.v1", f"bearer.{token}"])


def token_of(user: User) -> str:
    """Return a log-in token."""
    return str(get_token_model().objects.create(user)[1])


@asynccontextmanager
async def opened(user: User) -> AsyncIterator[Socket]:
    """Open somebody's inbox and pass its first frame."""
    communicator = dial(await asyncio.to_thread(token_of, user))
    assert await communicator.connect() == "charla.v1"
    socket = Socket(communicator)
    assert (await socket.hear())["type"] == "ready"
    yield socket
    await communicator.disconnect()


async def test_the_staff_hear_of_messages_without_their_words(
    tenant: TenantModel, chat: ChatModel, colleague: User
) -> None:
    async with opened(colleague) as inbox:
        await in_thread(post_message, tenant_id=tenant.pk, chat_id=chat.chat_id, content="my secret")
        frame = await inbox.hear("message.created")
    assert frame["message"]["chat_id"] == str(chat.chat_id)
    assert "my secret" not in str(frame)


async def test_an_escalation_is_heard_and_rings_the_bell(tenant: TenantModel, chat: ChatModel, colleague: User) -> None:
    async with opened(colleague) as inbox:
        await in_thread(lifecycle.escalate, tenant_id=tenant.pk, chat_id=chat.chat_id, reason="requested")
        heard = [await inbox.hear("chat.updated", "chat.escalated", "notification") for _frame in range(3)]
    assert {frame["type"] for frame in heard} == {"chat.updated", "chat.escalated", "notification"}
    bell = next(frame for frame in heard if frame["type"] == "notification")
    assert bell["notification"]["data"]["chat_id"] == str(chat.chat_id)


async def test_a_neighbour_hears_nothing(tenant: TenantModel, chat: ChatModel, colleague: User, outsider: User) -> None:
    async with opened(outsider) as inbox:
        await in_thread(lifecycle.escalate, tenant_id=tenant.pk, chat_id=chat.chat_id, reason="requested")
        assert await inbox.is_silent()


async def test_visitors_and_strangers_are_refused(tenant: TenantModel) -> None:
    visitor = await asyncio.to_thread(make_visitor, tenant)
    for token, code in ((visitor.token, 4403), ("nonsense", 4401)):
        assert await close_code(dial(token)) == code


async def test_a_ping_is_answered_and_anything_else_is_an_error(tenant: TenantModel, colleague: User) -> None:
    async with opened(colleague) as inbox:
        await inbox.say(type="ping")
        assert (await inbox.hear())["type"] == "pong"
        await inbox.say(type="message.send", content="x")
        assert (await inbox.hear())["code"] == "invalid"
