"""The socket of a chat, on the real channel layer (api.md, "WebSocket")."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from uuid import uuid4

import pytest
from channels.layers import get_channel_layer
from django.db import transaction

from chats.models import ChatModel
from chats.realtime.heartbeat import tell_that_a_process_began
from chats.realtime.publish import chat_group, publish
from chats.realtime.work_threads import in_thread
from chats.services.messages import post_message
from config.routing import websockets
from tenants.models import TenantModel
from tenants.scope import in_tenant, tenant_scope
from tenants.services.credentials import make_api_key
from tests.support.cast import Visitor, make_visitor
from tests.support.websocket import WebsocketCommunicator

pytestmark = pytest.mark.django_db(transaction=True)


class Socket:
    """An open socket that speaks in frames."""

    def __init__(self, communicator: WebsocketCommunicator) -> None:
        self.communicator = communicator

    async def say(self, **frame: Any) -> None:
        """Send a frame."""
        await self.communicator.send_to(text_data=json.dumps(frame))

    async def hear(self, *types: str) -> dict[str, Any]:
        """Return the next frame of one of these types; others are passed over."""
        while True:
            frame: dict[str, Any] = json.loads(await self.communicator.receive_from(timeout=5))
            if not types or frame["type"] in types:
                return frame

    async def is_silent(self) -> bool:
        """Tell whether nothing comes for a moment."""
        return bool(await self.communicator.receive_nothing(timeout=0.3))


def dial(chat_id: object, token: str) -> WebsocketCommunicator:
    """Return a client at a chat's socket."""
    return WebsocketCommunicator(websockets, f"/ws/chats/{chat_id}/", subprotocols=["charla.v1", f"bearer.{token}"])


@asynccontextmanager
async def opened(visitor: Visitor) -> AsyncIterator[Socket]:
    """Open the visitor's socket and pass its first frame."""
    communicator = dial(visitor.chat.chat_id, visitor.token)
    assert await communicator.connect() == "charla.v1"
    socket = Socket(communicator)
    assert (await socket.hear())["type"] == "ready"
    yield socket
    await communicator.disconnect()


async def post(tenant: TenantModel, chat: ChatModel, content: str, **fields: Any) -> int:
    """Post a message from elsewhere; return its sequence."""
    posted = await in_thread(post_message, tenant_id=tenant.pk, chat_id=chat.chat_id, content=content, **fields)
    return int(posted.message.sequence)


async def close_code(communicator: WebsocketCommunicator) -> int:
    """Return the code with which an accepted socket is closed."""
    await communicator.connect()
    return int((await communicator.receive_output(timeout=5))["code"])


async def test_a_message_is_acknowledged_and_shown_once(tenant: TenantModel, visitor: Visitor) -> None:
    async with opened(visitor) as socket:
        await socket.say(type="message.send", client_message_id="c1", content="Hello")
        frames = [await socket.hear("message.ack", "message.created") for _ in range(2)]
        by_type = {frame["type"]: frame for frame in frames}
        assert by_type["message.ack"]["client_message_id"] == "c1"
        assert by_type["message.created"]["message"]["content"] == "Hello"
        assert by_type["message.ack"]["sequence"] == by_type["message.created"]["message"]["sequence"] == 1
        await socket.say(type="message.send", client_message_id="c1", content="Hello")
        assert (await socket.hear("message.ack", "message.created"))["type"] == "message.ack"
        assert await socket.is_silent()


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("not json", "not_json"),
        ("[1]", "invalid"),
        ('{"type": "nonsense"}', "invalid"),
        ('{"type": "message.send", "content": ""}', "blank"),
        ('{"type": "message.send", "content": "a\\u0000b"}', "invalid"),
        ('{"type": "message.send", "content": "\\ud800"}', "invalid"),
        ('{"type": "message.send", "content": 5}', "invalid"),
        ('{"type": "resume", "after_sequence": "x"}', "invalid"),
        (json.dumps({"type": "message.send", "content": "x" * 10_001}), "too_long"),
        (json.dumps({"type": "message.send", "content": "x" * 200_001}), "too_large"),
    ],
)
async def test_a_bad_frame_is_answered_and_the_next_good_one_works(
    tenant: TenantModel, visitor: Visitor, text: str, code: str
) -> None:
    async with opened(visitor) as socket:
        await socket.communicator.send_to(text_data=text)
        assert (await socket.hear("error"))["code"] == code
        await socket.say(type="message.send", client_message_id="c2", content="good")
        assert (await socket.hear("message.ack"))["sequence"] == 1


async def test_binary_frames_are_refused(tenant: TenantModel, visitor: Visitor) -> None:
    async with opened(visitor) as socket:
        await socket.communicator.send_to(bytes_data=b"\xff\x00")
        assert (await socket.hear("error"))["code"] == "unsupported_type"


async def test_resuming_brings_everything_after_in_order_and_nothing_twice(
    tenant: TenantModel, visitor: Visitor
) -> None:
    for number in range(205):
        await post(tenant, visitor.chat, str(number))
    async with opened(visitor) as socket:
        await socket.say(type="resume", after_sequence=2)
        heard = [(await socket.hear("message.created"))["message"]["sequence"] for _ in range(203)]
        assert heard == list(range(3, 206))
        assert (await socket.hear("resumed"))["last_sequence"] == 205
        await post(tenant, visitor.chat, "live")
        assert (await socket.hear("message.created"))["message"]["sequence"] == 206
        await socket.say(type="resume", after_sequence=204)
        assert (await socket.hear("resumed"))["last_sequence"] == 206
        assert await socket.is_silent()


async def test_what_the_channel_layer_lost_is_fetched_before_what_came_after(
    tenant: TenantModel, visitor: Visitor, settings: Any
) -> None:
    async with opened(visitor) as socket:
        settings.CHAT_SETTINGS = {**settings.CHAT_SETTINGS, "REAL_TIME_UPDATES": False}
        await post(tenant, visitor.chat, "lost")
        settings.CHAT_SETTINGS = {**settings.CHAT_SETTINGS, "REAL_TIME_UPDATES": True}
        await post(tenant, visitor.chat, "heard")
        heard = [(await socket.hear("message.created"))["message"]["content"] for _ in range(2)]
        assert heard == ["lost", "heard"]


async def test_what_a_killed_process_did_not_publish_is_fetched_when_its_successor_begins(
    tenant: TenantModel, visitor: Visitor, settings: Any
) -> None:
    async with opened(visitor) as socket:
        settings.CHAT_SETTINGS = {**settings.CHAT_SETTINGS, "REAL_TIME_UPDATES": False}
        await post(tenant, visitor.chat, "stored")
        settings.CHAT_SETTINGS = {**settings.CHAT_SETTINGS, "REAL_TIME_UPDATES": True}
        assert await socket.is_silent()
        tell_that_a_process_began()
        assert (await socket.hear("message.created"))["message"]["content"] == "stored"


async def test_a_doubled_event_is_shown_once(tenant: TenantModel, visitor: Visitor) -> None:
    async with opened(visitor) as socket:
        await post(tenant, visitor.chat, "once")
        await socket.hear("message.created")
        publish(visitor.chat.chat_id, {"type": "message.created", "message": {}}, sequence=1)
        assert await socket.is_silent()


async def test_typing_reaches_the_others_and_not_oneself(tenant: TenantModel, visitor: Visitor) -> None:
    async with opened(visitor) as one, opened(visitor) as other:
        await one.say(type="typing", is_typing=True)
        assert await other.hear("typing") == {"type": "typing", "sender": "user", "is_typing": True}
        assert await one.is_silent()


async def test_who_may_only_read_shows_the_others_nothing(tenant: TenantModel, visitor: Visitor) -> None:
    def readers_key() -> str:
        with in_tenant(tenant):
            return make_api_key(name="reader", scopes=["chats:read"], user=None)[1]

    async with opened(visitor) as person:
        communicator = dial(visitor.chat.chat_id, await asyncio.to_thread(readers_key))
        assert await communicator.connect() == "charla.v1"
        reader = Socket(communicator)
        for frame in ({"type": "typing", "is_typing": True}, {"type": "read", "sequence": 1}):
            await reader.say(**frame)
            assert (await reader.hear("error"))["code"] == "permission_denied"
        assert await person.is_silent()
        await communicator.disconnect()


async def test_a_ping_is_answered(tenant: TenantModel, visitor: Visitor) -> None:
    async with opened(visitor) as socket:
        await socket.say(type="ping")
        assert await socket.hear() == {"type": "pong"}


async def test_who_is_unknown_or_elsewhere_is_closed_with_a_code(
    tenant: TenantModel, neighbour: TenantModel, visitor: Visitor, their_chat: ChatModel
) -> None:
    stranger = await asyncio.to_thread(make_visitor, tenant)
    assert await close_code(dial(visitor.chat.chat_id, "nobody")) == 4401
    assert await close_code(dial(visitor.chat.chat_id, stranger.token)) == 4404
    assert await close_code(dial(their_chat.chat_id, visitor.token)) == 4404


@pytest.mark.parametrize("origin", ["http://[", "http://testserver]", ""])
async def test_an_origin_that_is_no_address_lets_nobody_in_by_a_cookie(tenant: TenantModel, origin: str) -> None:
    dialled = dial(uuid4(), "")
    dialled.scope |= {
        "headers": [(b"host", b"testserver"), (b"origin", origin.encode()), (b"cookie", b"sessionid=nobody")],
        "subprotocols": ["charla.v1"],
    }
    assert await close_code(dialled) == 4401


async def test_a_session_that_runs_out_is_told_and_closed(tenant: TenantModel, visitor: Visitor) -> None:
    from chats.models import VisitorSession
    from chats.services.visitors import forget_visitors

    def expire_in(seconds: float) -> None:
        from datetime import timedelta

        from django.utils import timezone

        with tenant_scope(tenant), transaction.atomic():
            VisitorSession.objects.update(expires_at=timezone.now() + timedelta(seconds=seconds))
        forget_visitors()

    await asyncio.to_thread(expire_in, 1)
    async with opened(visitor) as socket:
        assert (await socket.hear("error"))["code"] == "token_expired"
        assert (await socket.communicator.receive_output(timeout=5))["code"] == 4401


async def test_too_fast_is_told_and_the_socket_stays(tenant: TenantModel, visitor: Visitor) -> None:
    async with opened(visitor) as socket:
        for number in range(45):  # slower than two a second it is not
            await socket.say(type="message.send", client_message_id=f"c{number}", content="spam")
        codes = [(await socket.hear("error"))["code"] for _ in range(5)]
        assert codes == ["rate_limited"] * 5
        await socket.say(type="ping")
        assert (await socket.hear("pong"))["type"] == "pong"


async def test_what_workers_publish_is_what_the_channel_layer_reads() -> None:
    layer = get_channel_layer()
    channel = await layer.new_channel()
    await layer.group_add(chat_group("x"), channel)
    await asyncio.to_thread(publish, "x", {"type": "typing", "sender": "agent", "is_typing": True})
    event = await asyncio.wait_for(layer.receive(channel), 5)
    assert event["type"] == "chat_message"
    assert json.loads(event["text"]) == {"type": "typing", "sender": "agent", "is_typing": True}


@pytest.mark.parametrize("path", ["/ws/chats/abc/", "/ws/nothing/", "/"])
async def test_an_address_without_a_socket_is_closed_with_the_code_for_it(path: str) -> None:
    communicator = WebsocketCommunicator(websockets, path, subprotocols=[])
    assert await close_code(communicator) == 4404


async def test_half_a_character_in_an_id_is_answered(tenant: TenantModel, visitor: Visitor) -> None:
    async with opened(visitor) as socket:
        text = r'{"type": "message.send", "content": "x", "client_message_id": "\ud800"}'
        await socket.communicator.send_to(text_data=text)
        assert (await socket.hear("error"))["code"] == "invalid"
