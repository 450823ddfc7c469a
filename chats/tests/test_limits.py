"""What a tenant, a key and a visitor may ask for, over REST and sockets (docs/api.md, "How much")."""

import json
from typing import Any

import pytest
import redis
from asgiref.sync import sync_to_async
from django.conf import settings
from rest_framework.test import APIClient

from chats.models import ChatModel, ContentChatModel
from config.routing import websockets
from tenants.api.costs import cost_of
from tenants.limits import Cost
from tenants.limits.rules import charge_tokens
from tenants.models import SystemConfig, TenantModel, User
from tenants.scope import in_tenant
from tenants.services.config import forget_settings
from tests.support.cast import Visitor, client_of, client_with_key, make_visitor, publishable_key
from tests.support.websocket import WebsocketCommunicator

pytestmark = pytest.mark.django_db
CHATS = "/api/v1/chats/"
OUTSIDE = "9.9.9.9"


def let(tenant: TenantModel, **quotas: int) -> None:
    """Set a tenant's quotas."""
    tenant.settings = {**tenant.settings, **quotas}
    tenant.save()
    forget_settings()


def limits_of(response: Any) -> tuple[int, int]:
    return int(response["X-RateLimit-Limit"]), int(response["X-RateLimit-Remaining"])


def test_a_tenant_that_has_used_up_its_hour_waits(tenant: TenantModel) -> None:
    let(tenant, rate_limit_per_hour=3)
    client = client_with_key(tenant)
    answers = [client.get(CHATS) for _time in range(4)]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
    assert [limits_of(answer) for answer in answers] == [(3, 2), (3, 1), (3, 0), (3, 0)]
    assert answers[3].json()["errors"][0]["code"] == "rate_limited"
    assert 1_100 < int(answers[3]["Retry-After"]) <= 1_200
    assert 3_500 < int(answers[3]["X-RateLimit-Reset"]) <= 3_600


def test_requests_are_counted_where_all_processes_see_it(tenant: TenantModel) -> None:
    client_with_key(tenant).get(CHATS)
    valkey: Any = redis.Redis.from_url(settings.LIMITS_REDIS_URL)
    assert float(valkey.hget(f"limit:tenant:{tenant.pk}", "level")) == pytest.approx(100_000 - 1, abs=0.5)


def test_all_of_a_tenants_callers_share_its_bucket(tenant: TenantModel, admin: User, visitor: Visitor) -> None:
    let(tenant, rate_limit_per_hour=3)
    callers = [client_with_key(tenant), client_of(admin), visitor.client, client_with_key(tenant)]
    assert [client.get(CHATS).status_code for client in callers] == [200, 200, 200, 429]


def test_a_neighbour_has_its_own(tenant: TenantModel, neighbour: TenantModel) -> None:
    let(tenant, rate_limit_per_hour=1)
    noisy, quiet = client_with_key(tenant), client_with_key(neighbour)
    assert [noisy.get(CHATS).status_code for _time in range(2)] == [200, 429]
    assert quiet.get(CHATS).status_code == 200


def test_one_key_cannot_use_up_what_the_others_need(tenant: TenantModel) -> None:
    let(tenant, key_rate_limit_per_hour=2)
    noisy, other = client_with_key(tenant), client_with_key(tenant)
    assert [noisy.get(CHATS).status_code for _time in range(3)] == [200, 200, 429]
    assert other.get(CHATS).status_code == 200


def test_one_visitor_cannot_either(tenant: TenantModel, visitor: Visitor) -> None:
    let(tenant, visitor_rate_limit_per_hour=2)
    assert [visitor.client.get(CHATS).status_code for _time in range(3)] == [200, 200, 429]
    assert make_visitor(tenant).client.get(CHATS).status_code == 200


def test_a_message_that_is_refused_is_not_stored(tenant: TenantModel, chat: ChatModel) -> None:
    let(tenant, rate_limit_per_hour=2 * Cost.MESSAGE)
    client, path = client_with_key(tenant), f"{CHATS}{chat.chat_id}/messages/"
    assert [client.post(path, {"content": "hi"}).status_code for _time in range(3)] == [201, 201, 429]
    with in_tenant(tenant):
        assert ContentChatModel.objects.filter(sender="user").count() == 2


def test_a_refusal_of_another_kind_is_paid_too(tenant: TenantModel, viewer: User) -> None:
    let(tenant, rate_limit_per_hour=3)
    client = client_of(viewer)
    answers = [
        client.post(CHATS, {"user_id": "u"}),
        client.get(f"{CHATS}?cursor=x"),
        client.get(f"{CHATS}{tenant.pk}/"),
    ]
    assert [answer.status_code for answer in answers] == [403, 400, 404]
    assert client.get(CHATS).status_code == 429


@pytest.mark.parametrize(
    ("method", "path", "cost"),
    [
        ("get", "/api/v1/chats/", Cost.REQUEST),
        ("get", "/api/v1/chats/x/messages/", Cost.REQUEST),
        ("post", "/api/v1/chats/x/messages/", Cost.MESSAGE),
        ("post", "/api/v1/chats/x/media/", Cost.UPLOAD),
        ("post", "/api/v1/knowledge-bases/x/import/", Cost.UPLOAD),
        ("post", "/api/v1/agents/x/respond/", Cost.MODEL),
        ("get", "/api/v1/search/messages/", Cost.SEARCH),
        ("get", "/api/v1/knowledge/search/", Cost.SEARCH),
        ("get", "/api/v1/contacts/x/export/", Cost.EXPORT),
        ("post", "/api/v1/widget/sessions/", Cost.SESSION),
    ],
)
def test_what_is_dear_costs_more(rf: Any, method: str, path: str, cost: int) -> None:
    assert cost_of(getattr(rf, method)(path)) == pytest.approx(cost, abs=0.01)


def test_a_larger_upload_costs_more(rf: Any) -> None:
    request = rf.post("/api/v1/chats/x/media/", b"x" * 1_000_000, content_type="application/octet-stream")
    assert cost_of(request) == Cost.UPLOAD + 10


def test_tokens_are_paid_afterwards(tenant: TenantModel) -> None:
    let(tenant, rate_limit_per_hour=10)
    client = client_with_key(tenant)
    assert client.get(CHATS).status_code == 200
    charge_tokens(tenant.pk, 12_000)
    assert client.get(CHATS).status_code == 429


def test_every_answer_of_the_api_says_how_much_is_left(tenant: TenantModel) -> None:
    wrong_key = APIClient()
    wrong_key.credentials(HTTP_AUTHORIZATION="Api-Key sk_wrong")
    answers = {
        200: client_with_key(tenant).get(CHATS),
        401: wrong_key.get(CHATS),
        404: APIClient().get("/api/v1/nothing/"),
        400: APIClient().post("/api/v1/auth/login/", {}),
        405: client_with_key(tenant).put(CHATS, {}),
    }
    assert {code: answer.status_code for code, answer in answers.items()} == {code: code for code in answers}
    for answer in answers.values():
        assert answer["X-RateLimit-Limit"].isdecimal()
        assert answer["X-RateLimit-Remaining"].isdecimal()
        assert answer["X-RateLimit-Reset"].isdecimal()


def test_an_address_that_guesses_is_refused_and_the_own_network_is_not(tenant: TenantModel) -> None:
    SystemConfig.objects.create(config_key="address_rate_limit_per_hour", config_value="60", config_type="integer")
    forget_settings()
    guessing = APIClient(REMOTE_ADDR="9.9.9.8")
    guessing.credentials(HTTP_AUTHORIZATION="Api-Key sk_guess")
    codes = [guessing.get(CHATS).status_code for _time in range(60)]
    assert codes[:50] == [401] * 50
    assert codes[52:] == [429] * 8
    inside = APIClient(REMOTE_ADDR="10.1.2.3")
    assert {inside.get(CHATS).status_code for _time in range(60)} == {401}
    with_key = client_with_key(tenant)
    assert with_key.get(CHATS, REMOTE_ADDR="9.9.9.8").status_code == 200, "who has a key is not meant"


def test_making_visitors_is_limited_by_address_and_by_tenant(tenant: TenantModel, neighbour: TenantModel) -> None:
    SystemConfig.objects.create(config_key="address_rate_limit_per_hour", config_value="60", config_type="integer")
    forget_settings()
    body = {"key": publishable_key(tenant)}
    outside = APIClient(REMOTE_ADDR=OUTSIDE)
    answers = [outside.post("/api/v1/widget/sessions/", body) for _time in range(12)]
    assert [answer.status_code for answer in answers] == [201] * 10 + [429] * 2
    assert int(answers[-1]["Retry-After"]) >= 1
    let(neighbour, rate_limit_per_hour=2 * Cost.SESSION)
    theirs = {"key": publishable_key(neighbour)}
    inside = [APIClient().post("/api/v1/widget/sessions/", theirs).status_code for _time in range(3)]
    assert inside == [201, 201, 429]


async def opened(visitor: Visitor) -> WebsocketCommunicator:
    """Open a socket of a visitor's chat."""
    protocols = ["charla.v1", f"bearer.{visitor.token}"]
    socket = WebsocketCommunicator(websockets, f"/ws/chats/{visitor.chat.chat_id}/", protocols)
    await socket.connect()
    return socket


async def next_of(socket: WebsocketCommunicator, *types: str) -> dict[str, Any]:
    """Return the next frame of a type."""
    while (frame := json.loads(await socket.receive_from()))["type"] not in types:
        pass
    return dict(frame)


@pytest.mark.django_db(transaction=True)
async def test_a_socket_costs_and_is_closed_with_4429(tenant: TenantModel, visitor: Visitor) -> None:
    await sync_to_async(let)(tenant, visitor_rate_limit_per_hour=int(Cost.SOCKET))
    first = await opened(visitor)
    assert (await next_of(first, "ready"))["type"] == "ready"
    second = await opened(visitor)
    assert await second.receive_output(timeout=5) == {"type": "websocket.close", "code": 4429}
    await first.disconnect()


@pytest.mark.django_db(transaction=True)
async def test_messages_of_sockets_and_rest_are_paid_from_the_same_bucket(
    tenant: TenantModel, visitor: Visitor
) -> None:
    await sync_to_async(let)(tenant, visitor_rate_limit_per_hour=Cost.SOCKET + 2 * Cost.MESSAGE)
    socket = await opened(visitor)
    await next_of(socket, "ready")
    path = f"{CHATS}{visitor.chat.chat_id}/messages/"
    assert (await sync_to_async(visitor.client.post)(path, {"content": "by REST"})).status_code == 201
    for number, expected in enumerate(("message.ack", "error")):
        await socket.send_to(text_data=json.dumps({"type": "message.send", "content": f"hi {number}"}))
        frame = await next_of(socket, "message.ack", "error")
        assert frame["type"] == expected
    assert frame["code"] == "rate_limited"
    await socket.disconnect()


@pytest.mark.django_db(transaction=True)
async def test_too_many_frames_are_told_and_then_the_socket_is_closed(tenant: TenantModel, visitor: Visitor) -> None:
    socket = await opened(visitor)
    await next_of(socket, "ready")
    for _number in range(400):
        await socket.send_to(text_data=json.dumps({"type": "ping"}))
    seen: list[str] = []
    while (answer := await socket.receive_output(timeout=5))["type"] == "websocket.send":
        seen.append(json.loads(answer["text"]).get("code", "pong"))
    assert answer == {"type": "websocket.close", "code": 4429}
    assert 60 <= seen.count("pong") < 290
    assert seen.count("rate_limited") == 101
