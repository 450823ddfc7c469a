"""How many sockets may be open at the same time, over all processes (docs/api.md, "How much")."""

import asyncio
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
import redis
from asgiref.sync import sync_to_async
from django.conf import settings
from django.utils import timezone

from chats.models import ChatModel
from chats.realtime import use
from chats.realtime.frame_pace import PATIENCE
from chats.tests.test_inbox import dial, token_of
from chats.tests.test_limits import let
from config.routing import websockets
from tenants.limits import buckets, open_sockets
from tenants.models import TenantModel, User
from tenants.scope import in_tenant
from tenants.services.credentials import make_api_key
from tenants.session_models import LoginSession
from tests.support.cast import Visitor, make_visitor
from tests.support.websocket import WebsocketCommunicator

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def nothing_open() -> Iterator[None]:
    open_sockets.forget()
    yield
    open_sockets.forget()


def valkey() -> Any:
    return redis.Redis.from_url(settings.LIMITS_REDIS_URL)


def counted(tenant: TenantModel) -> int:
    """How many sockets Valkey knows of in a tenant."""
    return sum(int(count) for count in valkey().hvals(f"open:tenant:{tenant.pk}"))


def client(chat_id: UUID, token: str) -> WebsocketCommunicator:
    return WebsocketCommunicator(websockets, f"/ws/chats/{chat_id}/", ["charla.v1", f"bearer.{token}"])


async def first_of(socket: WebsocketCommunicator) -> Any:
    """Open a socket; return the type of the first frame, or the code that it is closed with."""
    await socket.connect()
    said = await socket.receive_output(5)
    return "ready" if said["type"] == "websocket.send" else said["code"]


async def test_a_visitor_has_so_many_open_and_one_more_once_one_is_closed(
    tenant: TenantModel, visitor: Visitor
) -> None:
    await sync_to_async(let)(tenant, visitor_socket_limit=2)
    sockets = [client(visitor.chat.chat_id, visitor.token) for _time in range(4)]
    assert [await first_of(socket) for socket in sockets[:3]] == ["ready", "ready", 4429]
    other = await sync_to_async(make_visitor)(tenant)
    assert await first_of(client(other.chat.chat_id, other.token)) == "ready", "another one has a limit of its own"
    await sockets[0].disconnect()
    assert await first_of(sockets[3]) == "ready"


async def test_all_of_a_tenant_share_a_limit_and_neighbours_have_their_own(
    tenant: TenantModel, neighbour: TenantModel, visitor: Visitor, colleague: User
) -> None:
    await sync_to_async(let)(tenant, socket_limit=1)
    assert await first_of(client(visitor.chat.chat_id, visitor.token)) == "ready"
    assert await first_of(dial(await sync_to_async(token_of)(colleague))) == 4429
    abroad = await sync_to_async(make_visitor)(neighbour)
    assert await first_of(client(abroad.chat.chat_id, abroad.token)) == "ready"


async def test_a_key_has_its_own_limit(tenant: TenantModel, chat: ChatModel) -> None:
    await sync_to_async(let)(tenant, key_socket_limit=1)

    def key() -> str:
        with in_tenant(tenant):
            return make_api_key(name="k", scopes=["*"], user=None)[1]

    one, other = [await sync_to_async(key)() for _key in range(2)]
    assert [await first_of(client(chat.chat_id, each)) for each in (one, one, other)] == ["ready", 4429, "ready"]


async def test_who_is_refused_for_another_reason_is_not_counted(tenant: TenantModel, visitor: Visitor) -> None:
    other = await sync_to_async(make_visitor)(tenant)
    assert await first_of(client(other.chat.chat_id, visitor.token)) == 4404
    assert counted(tenant) == 0
    socket = client(visitor.chat.chat_id, visitor.token)
    assert await first_of(socket) == "ready"
    assert counted(tenant) == 1
    await socket.disconnect()
    assert counted(tenant) == 0


async def test_sockets_of_other_processes_count_while_these_live(tenant: TenantModel, visitor: Visitor) -> None:
    await sync_to_async(let)(tenant, socket_limit=5)
    valkey().hset(f"open:tenant:{tenant.pk}", mapping={"living": 4, "killed": 4})
    valkey().set("open:process:living", "1", ex=60)
    sockets = [client(visitor.chat.chat_id, visitor.token) for _time in range(2)]
    assert [await first_of(socket) for socket in sockets] == ["ready", 4429]
    assert not valkey().hexists(f"open:tenant:{tenant.pk}", "killed")


async def test_what_valkey_lost_is_written_anew(tenant: TenantModel, visitor: Visitor) -> None:
    assert await first_of(client(visitor.chat.chat_id, visitor.token)) == "ready"
    await sync_to_async(open_sockets.live_on)()
    valkey().flushdb()
    await sync_to_async(open_sockets.live_on)()
    assert counted(tenant) == 1


async def test_while_valkey_is_away_each_process_counts_for_itself(
    tenant: TenantModel, visitor: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    await sync_to_async(let)(tenant, visitor_socket_limit=1)

    def away() -> Any:
        raise redis.ConnectionError

    monkeypatch.setattr(buckets, "client", away)
    monkeypatch.setattr(open_sockets, "_script", away)
    sockets = [client(visitor.chat.chat_id, visitor.token) for _time in range(2)]
    assert [await first_of(socket) for socket in sockets] == ["ready", 4429]
    assert counted(tenant) == 0
    monkeypatch.undo()
    await sync_to_async(open_sockets.live_on)()
    assert counted(tenant) == 1, "it is said as soon as it can be"


async def test_an_inbox_that_talks_without_end_is_told_and_then_closed(tenant: TenantModel, colleague: User) -> None:
    inbox = dial(await asyncio.to_thread(token_of, colleague))
    assert await first_of(inbox) == "ready"
    codes = []
    for _frame in range(PATIENCE + 100):
        await inbox.send_to(text_data='{"type": "ping"}')
        said = await inbox.receive_output(5)
        if said["type"] == "websocket.close":
            codes.append(said["code"])
            break
        codes.append("rate_limited" in said["text"])
    assert codes[:60] == [False] * 60
    assert (codes[-1], codes.count(True)) == (4429, PATIENCE + 1)


@pytest.mark.parametrize(("kind", "is_use"), [("typing", True), ("read", True), ("ping", False), ("resume", False)])
async def test_a_log_in_is_used_by_what_a_person_does_on_a_socket(
    colleague: User, chat: ChatModel, monkeypatch: pytest.MonkeyPatch, kind: str, is_use: bool
) -> None:
    token = await asyncio.to_thread(token_of, colleague)
    socket = client(chat.chat_id, token)
    assert await first_of(socket) == "ready"
    ago = timezone.now() - timedelta(minutes=30)
    await LoginSession.objects.filter(user=colleague).aupdate(last_seen_at=ago)
    monkeypatch.setattr(use, "NOTED_EVERY_SECONDS", 0)
    await socket.send_to(text_data=f'{{"type": "{kind}"}}')
    await socket.send_to(text_data='{"type": "ping"}')
    while '"pong"' not in (await socket.receive_output(5))["text"]:
        pass
    row = await LoginSession.objects.aget(user=colleague)
    assert (row.last_seen_at > ago) is is_use
    await socket.disconnect()


async def test_a_use_is_not_written_down_each_time(
    colleague: User, chat: ChatModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    noted: list[object] = []
    monkeypatch.setattr(use, "note_use", noted.append)
    socket = client(chat.chat_id, await asyncio.to_thread(token_of, colleague))
    assert await first_of(socket) == "ready"
    for _frame in range(5):
        await socket.send_to(text_data='{"type": "typing"}')
    await socket.send_to(text_data='{"type": "ping"}')
    while '"pong"' not in (await socket.receive_output(5))["text"]:
        pass
    assert noted == []
    await socket.disconnect()
