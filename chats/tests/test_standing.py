"""Sockets close within five seconds once their callers may no longer be there (api.md, "WebSocket")."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any
from uuid import uuid4

import pytest
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from django.db import connection
from django.utils import timezone

from audit.models import AuditLog
from chats.models import ChatModel, VisitorSession
from chats.realtime.standing import standings_of
from chats.services.visitors import caller_of_visitor
from chats.tests.test_inbox import token_of
from chats.tests.test_socket import dial
from config.routing import websockets
from tenants.callers import Caller
from tenants.models import APIKey, Membership, TenantModel, User
from tenants.scope import in_tenant
from tenants.services.credentials import caller_of_key, caller_of_user, make_api_key
from tests.support.cast import Visitor, make_visitor
from tests.support.websocket import WebsocketCommunicator

pytestmark = pytest.mark.django_db(transaction=True)


@asynccontextmanager
async def opened(communicator: WebsocketCommunicator) -> AsyncIterator[WebsocketCommunicator]:
    """Open a socket and pass its first frame."""
    await communicator.connect()
    assert "ready" in await communicator.receive_from()
    yield communicator
    await communicator.disconnect()


async def code_after(communicator: WebsocketCommunicator, change: Callable[[], Any]) -> int:
    """Make a change; return the code with which the socket is closed within five seconds of it."""
    async with opened(communicator):
        await asyncio.to_thread(change)
        began = time.monotonic()
        answer = await communicator.receive_output(timeout=5)
        while answer["type"] == "websocket.send":  # on a busy machine the broker's pulse is told to be late
            answer = await communicator.receive_output(timeout=5)
        assert time.monotonic() - began < 5
        return int(answer["code"])


def set_role(tenant: TenantModel, user: User, role: str) -> None:
    with in_tenant(tenant):
        Membership.objects.filter(user=user).update(role=role)


def make_key(tenant: TenantModel) -> str:
    with in_tenant(tenant):
        return make_api_key(name="program", scopes=["chats:read"], user=None)[1]


async def test_another_role_ends_it_so_that_who_dials_again_has_the_new_one(
    tenant: TenantModel, chat: ChatModel, colleague: User
) -> None:
    socket = dial(chat.chat_id, await asyncio.to_thread(token_of, colleague))
    assert await code_after(socket, lambda: set_role(tenant, colleague, "viewer")) == 1012


async def test_a_member_who_is_removed_hears_no_more(tenant: TenantModel, chat: ChatModel, colleague: User) -> None:
    def remove() -> None:
        with in_tenant(tenant):
            Membership.objects.filter(user=colleague).delete()

    assert await code_after(dial(chat.chat_id, await asyncio.to_thread(token_of, colleague)), remove) == 4401


async def test_the_inbox_of_a_deactivated_person_closes(tenant: TenantModel, colleague: User) -> None:
    token = await asyncio.to_thread(token_of, colleague)
    inbox = WebsocketCommunicator(websockets, "/ws/inbox/", subprotocols=["charla.v1", f"bearer.{token}"])
    deactivate = lambda: User.objects.filter(pk=colleague.pk).update(is_active=False)  # noqa: E731
    assert await code_after(inbox, deactivate) == 4401


async def test_a_revoked_key_hears_no_more(tenant: TenantModel, chat: ChatModel) -> None:
    def revoke() -> None:
        with in_tenant(tenant):
            APIKey.objects.update(is_active=False)

    assert await code_after(dial(chat.chat_id, await asyncio.to_thread(make_key, tenant)), revoke) == 4401


async def test_a_suspended_tenant_closes_its_visitors_sockets(tenant: TenantModel, visitor: Visitor) -> None:
    suspend = lambda: TenantModel.objects.filter(pk=tenant.pk).update(is_active=False)  # noqa: E731
    assert await code_after(dial(visitor.chat.chat_id, visitor.token), suspend) == 4401


async def test_a_visitor_whose_session_is_ended_hears_no_more(tenant: TenantModel, visitor: Visitor) -> None:
    def end() -> None:
        with in_tenant(tenant):
            VisitorSession.objects.all().delete()

    assert await code_after(dial(visitor.chat.chat_id, visitor.token), end) == 4401


async def test_a_socket_whose_caller_stays_stays(tenant: TenantModel, visitor: Visitor) -> None:
    async with opened(dial(visitor.chat.chat_id, visitor.token)) as socket:
        assert await socket.receive_nothing(timeout=4)


async def test_an_operators_socket_in_a_tenant_not_its_own_is_in_the_audit_log(
    tenant: TenantModel, chat: ChatModel, operator: User
) -> None:
    words = ["charla.v1", f"bearer.{await asyncio.to_thread(token_of, operator)}", f"tenant.{tenant.name}"]
    socket = WebsocketCommunicator(websockets, f"/ws/chats/{chat.chat_id}/", subprotocols=words)

    def acts() -> list[str]:
        with in_tenant(tenant):
            return [row.details["act"] for row in AuditLog.objects.filter(action="operator_acted")]

    async with opened(socket):
        assert await asyncio.to_thread(acts) == [f"socket /ws/chats/{chat.chat_id}/"]


def session_of(user: User) -> str:
    """Return the key of a session of the administration."""
    session = SessionStore()
    session[SESSION_KEY], session[BACKEND_SESSION_KEY] = str(user.pk), "django.contrib.auth.backends.ModelBackend"
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.save()
    return str(session.session_key)


def became(*callers: Caller) -> list[str]:
    return [standing.value for standing in standings_of(callers)]


def test_a_session_ends_with_a_log_out_and_with_a_new_password(tenant: TenantModel, colleague: User) -> None:
    one, other = session_of(colleague), session_of(colleague)
    callers = [caller_of_user(colleague, "", session_key=key) for key in (one, other)]
    assert became(*callers) == ["same", "same"]
    SessionStore(one).delete()
    assert became(*callers) == ["gone", "same"]
    colleague.set_password("something new and long")
    colleague.save()
    assert became(*callers) == ["gone", "gone"]


def test_who_logs_out_everywhere_is_gone(tenant: TenantModel, colleague: User) -> None:
    from knox.models import get_token_model

    stored, _token = get_token_model().objects.create(colleague)
    caller = caller_of_user(colleague, "", credential=stored, expires_at=stored.expiry)
    assert became(caller) == ["same"]
    get_token_model().objects.all().delete()
    assert became(caller) == ["gone"]


def test_a_key_of_other_scopes_has_changed(tenant: TenantModel) -> None:
    caller = caller_of_key(make_key(tenant))
    assert caller is not None
    with in_tenant(tenant):
        APIKey.objects.update(permissions=["chats:write"])
    assert became(caller) == ["changed"]


def test_an_operator_stays_until_it_is_none(tenant: TenantModel, operator: User) -> None:
    caller = caller_of_user(operator, tenant.name, session_key=session_of(operator))
    assert became(caller) == ["same"]
    User.objects.filter(pk=operator.pk).update(is_superuser=False)
    assert became(caller) == ["gone"]


def test_each_visitor_is_judged_by_its_own_session(tenant: TenantModel, neighbour: TenantModel) -> None:
    visitors = [make_visitor(tenant), make_visitor(tenant), make_visitor(tenant), make_visitor(neighbour)]
    callers = [caller for each in visitors if (caller := caller_of_visitor(each.token)) is not None]
    assert became(*callers, *callers) == ["same"] * 8
    with in_tenant(tenant):
        VisitorSession.objects.filter(token_hash=callers[0].proof).update(expires_at=timezone.now())
        VisitorSession.objects.filter(token_hash=callers[1].proof).delete()
    assert became(*callers) == ["gone", "gone", "same", "same"]
    TenantModel.objects.filter(pk=neighbour.pk).update(is_active=False)
    assert became(*callers) == ["gone", "gone", "same", "gone"]


def test_a_visitor_whose_session_is_anothers_by_now_is_gone(tenant: TenantModel, neighbour: TenantModel) -> None:
    caller = caller_of_visitor(make_visitor(tenant).token)
    assert caller is not None
    moved = [replace(caller, contact_id=uuid4()), replace(caller, tenant_id=neighbour.pk)]
    assert [became(each) for each in moved] == [["gone"], ["gone"]]


def test_a_hundred_callers_cost_no_more_statements_than_one(
    tenant: TenantModel, colleague: User, django_assert_max_num_queries: Any
) -> None:
    caller = caller_of_user(colleague, "", session_key=session_of(colleague))
    key = caller_of_key(make_key(tenant))
    assert key is not None
    guest = caller_of_visitor(make_visitor(tenant).token)
    assert guest is not None
    with django_assert_max_num_queries(6, connection=connection):
        assert became(*[caller, key, guest] * 100) == ["same"] * 300
