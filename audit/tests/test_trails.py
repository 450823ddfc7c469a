"""The loggers `chats.access` and `chats.security`, and the entries of acts: who, what, and never a text."""

import asyncio
import json
import logging
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.urls import URLResolver, get_resolver, reverse

from audit.log_files import LogFile
from audit.middleware import is_watched
from audit.models import AuditLog
from audit.services.acts import needs_entry
from chats.models import ChatModel
from chats.services.messages import post_message
from chats.services.pipeline import process_message
from chats.tests.test_inbox import token_of
from config.routing import websockets
from tenants.models import TenantModel, User
from tenants.request_ids import RequestIdSockets
from tenants.scope import in_tenant, tenant_scope
from tests.support.administration import browser_of
from tests.support.cast import PASSWORD, Visitor, client_of, client_with_key
from tests.support.websocket import WebsocketCommunicator

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def lines(tmp_path: Path) -> Iterator[Any]:
    """What each of the two loggers has written so far, as the installation's own handlers write it."""
    formatter = logging.getLogger("chats.access").handlers[0].formatter
    files = {name: tmp_path / "logs" / f"{name}.log" for name in ("access", "security")}
    handlers = {}
    for name, path in files.items():
        handlers[name] = LogFile(str(path))
        handlers[name].setFormatter(formatter)
        logging.getLogger(f"chats.{name}").addHandler(handlers[name])

    def read(name: str) -> list[dict[str, Any]]:
        text = files[name].read_text() if files[name].exists() else ""
        return [json.loads(line) for line in text.splitlines()]

    yield read
    for name, handler in handlers.items():
        logging.getLogger(f"chats.{name}").removeHandler(handler)
        handler.close()


def test_who_reads_and_writes_a_conversation_is_a_line_without_its_text(
    colleague: User, chat: ChatModel, lines: Any
) -> None:
    path = f"/api/v1/chats/{chat.chat_id}/messages/"
    client = client_of(colleague)
    client.post(path, {"content": "canary-text"}, format="json", headers={"X-Request-Id": "req-1"})
    client.get(path, {"q": "canary-query"})
    first, second = lines("access")
    assert (first["logger"], first["level"], first["event"]) == ("chats.access", "info", "request")
    assert (first["method"], first["status"], first["request_id"]) == ("POST", 201, "req-1")
    assert (first["user"], first["kind"], first["object"]) == (str(colleague.pk), "person", str(chat.chat_id))
    assert (second["method"], second["tenant"]) == ("GET", str(chat.tenant_id))
    told = json.dumps([first, second])
    for secret in ("canary", "127.0.0.1", "Token", colleague.email):
        assert secret not in told


def test_programs_and_visitors_are_told_apart(tenant: TenantModel, visitor: Visitor, lines: Any) -> None:
    client_with_key(tenant, "chats:read").get("/api/v1/chats/")
    visitor.client.get("/api/v1/chats/")
    program, person = lines("access")
    assert (program["kind"], "key" in program, "user" in program) == ("key", True, False)
    assert (person["kind"], person["contact"]) == ("visitor", str(visitor.chat.contact_id))


def test_the_administrations_pages_of_conversations_are_there_too(admin: User, chat: ChatModel, lines: Any) -> None:
    browser_of(admin).get(reverse("admin:chats_chatmodel_change", args=[chat.pk]))
    (line,) = lines("access")
    assert (line["user"], line["object"]) == (str(admin.pk), str(chat.pk))


def test_what_was_refused_is_in_the_security_log(colleague: User, chat: ChatModel, client: Any, lines: Any) -> None:
    client.get("/api/v1/chats/")
    client_of(colleague).get(f"/api/v1/contacts/{chat.contact_id}/export/")
    client.post("/api/v1/auth/login/", {"email": colleague.email, "password": "wrong"}, "application/json")
    events = [line["event"] for line in lines("security")]
    assert {"not_known", "not_allowed", "login_failed"} <= set(events)
    assert all(line["level"] == "warning" for line in lines("security"))
    assert colleague.email not in json.dumps(lines("security"))
    assert PASSWORD not in json.dumps(lines("security"))


def test_the_files_are_the_owners_alone_and_survive_being_rotated_away(tmp_path: Path) -> None:
    handler = LogFile(str(tmp_path / "new" / "access.log"))
    record = logging.LogRecord("chats.access", logging.INFO, "", 0, "one", None, None)
    handler.emit(record)
    path = tmp_path / "new" / "access.log"
    assert path.stat().st_mode & 0o077 == 0
    path.rename(path.with_suffix(".1"))
    handler.emit(record)
    handler.close()
    assert path.read_text() == "one\n"


def test_the_loggers_are_set_as_the_requirements_say() -> None:
    loggers: Any = django_settings.LOGGING["loggers"]
    assert loggers["chats.access"] == {"level": "INFO", "handlers": ["file"], "propagate": False}
    assert loggers["chats.security"] == {"level": "WARNING", "handlers": ["security_file"], "propagate": False}


@pytest.mark.parametrize("act", ["complete", "archive", "assign", "escalate"])
def test_each_act_on_a_conversation_is_audited_with_who_did_it(
    colleague: User, tenant: TenantModel, chat: ChatModel, act: str
) -> None:
    answer = client_of(colleague).post(f"/api/v1/chats/{chat.chat_id}/{act}/", {}, format="json")
    assert answer.status_code == 200
    with in_tenant(tenant):
        row = AuditLog.objects.get(action=f"chat_{act}")
    assert (row.actor_id, row.object_id) == (colleague.pk, str(chat.chat_id))
    assert len(row.ip_address) == 32


def test_a_program_is_named_by_its_key(tenant: TenantModel, chat: ChatModel) -> None:
    client = client_with_key(tenant, "chats:write")
    path, request = f"/api/v1/chats/{chat.chat_id}/", {"X-Request-Id": "trace-1"}
    client.patch(path, {"title": "x"}, format="json", headers=request)
    with in_tenant(tenant):
        row = AuditLog.objects.get(action="chat_changed")
    assert row.request_id == "trace-1"
    assert (row.actor_id, row.details["fields"], len(row.details["key"])) == (None, ["title"], 36)


def test_what_a_visitor_does_is_no_act_of_staff(visitor: Visitor, tenant: TenantModel) -> None:
    visitor.client.post(f"/api/v1/chats/{visitor.chat.chat_id}/complete/")
    with in_tenant(tenant):
        assert not AuditLog.objects.filter(action="chat_complete").exists()


def test_an_act_that_no_service_names_leaves_an_entry_by_its_route(
    owner: User, tenant: TenantModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("agents.services.agents.audit", lambda *_arguments: None)
    answer = client_of(owner).post("/api/v1/agents/", {"name": "Nova"}, format="json")
    assert answer.status_code == 201
    with in_tenant(tenant):
        row = AuditLog.objects.get(action="api_post")
    assert (row.actor_id, row.object_type, row.details) == (
        owner.pk, "agents", {"method": "POST", "route": "api/v1/agents/"},
    )  # fmt: skip


def test_what_was_refused_leaves_no_entry(viewer: User, tenant: TenantModel, chat: ChatModel) -> None:
    with in_tenant(tenant):
        before = AuditLog.objects.count()
    assert client_of(viewer).post(f"/api/v1/chats/{chat.chat_id}/archive/").status_code == 403
    with in_tenant(tenant):
        assert AuditLog.objects.count() == before


def test_messages_are_their_own_record() -> None:
    assert not needs_entry("api/v1/chats/<uuid:chat_id>/messages/")
    assert needs_entry("api/v1/webhooks/<pk>/")
    assert not needs_entry("admin/chats/")


async def line_of_socket(path: str, token: str, lines: Any) -> dict[str, Any]:
    """Open a socket and close it; return its line, which holds no secret."""
    words = ["charla.v1", f"bearer.{token}"]
    socket = WebsocketCommunicator(RequestIdSockets(websockets), path, subprotocols=words)
    socket.scope["headers"] = [(b"x-request-id", b"trace-socket")]
    await socket.connect()
    assert json.loads(await socket.receive_from(timeout=5))["type"] == "ready"
    await socket.disconnect()
    (line,) = lines("access")
    assert (line["event"], line["request_id"]) == ("socket_opened", "trace-socket")
    assert token not in json.dumps(line)
    return dict(line)


async def test_who_opens_a_conversations_socket_is_a_line(visitor: Visitor, lines: Any) -> None:
    line = await line_of_socket(f"/ws/chats/{visitor.chat.chat_id}/", visitor.token, lines)
    assert line["object"] == str(visitor.chat.chat_id)
    assert line["contact"] == str(visitor.chat.contact_id)


async def test_who_opens_the_inbox_which_hears_of_every_conversation_is_a_line(colleague: User, lines: Any) -> None:
    line = await line_of_socket("/ws/inbox/", await asyncio.to_thread(token_of, colleague), lines)
    assert (line["route"], line["user"]) == ("ws/inbox", str(colleague.pk))
    assert line["tenant"]


# Of these nothing shows what people wrote in a conversation, or lists people.
UNWATCHED = {
    "api/v1/agents", "api/v1/ai-models", "api/v1/analytics", "api/v1/api-keys", "api/v1/audit-logs", "api/v1/auth",
    "api/v1/config", "api/v1/error-logs", "api/v1/events", "api/v1/intents", "api/v1/invitations",
    "api/v1/knowledge", "api/v1/knowledge-bases", "api/v1/memberships", "api/v1/notification-preferences",
    "api/v1/notifications", "api/v1/provider-credentials", "api/v1/reports", "api/v1/tenants", "api/v1/users",
    "api/v1/webhooks", "api/v1/widget", "admin/account", "admin/agents", "admin/analysis/intent",
    "admin/analysis/report", "admin/analysis/trainedmodel", "admin/audit", "admin/autocomplete", "admin/jsi18n",
    "admin/language", "admin/login", "admin/logout", "admin/metrics", "admin/notifications",
    "admin/password_change", "admin/r", "admin/search", "admin/tenant", "admin/tenants",
}  # fmt: skip


def test_every_route_is_watched_or_shows_no_conversation() -> None:
    routes = {re.sub(r"[\^$]", "", route) for route in paths() if route.startswith(("api/v1/", "admin/"))}
    routes = {route for route in routes if not route.startswith("admin/(?P")}  # the list of an app's kinds of rows
    rest = {route for route in routes if not is_watched(route)}
    assert {route for route in rest if not any(f"{route}/".startswith(f"{known}/") for known in UNWATCHED)} == set()
    assert {known for known in UNWATCHED if not any(f"{route}/".startswith(f"{known}/") for route in rest)} == set()


def paths(resolver: URLResolver | None = None, prefix: str = "") -> Iterator[str]:
    """Yield every route."""
    for entry in (resolver or get_resolver()).url_patterns:
        path = f"{prefix}{entry.pattern}"
        if isinstance(entry, URLResolver):
            yield from paths(entry, path)
        else:
            yield path


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("/api/v1/chats/{chat}/messages/", "canary-text"),
        ("/api/v1/chats/{chat}/summary/", "canary-text"),
        ("/api/v1/search/messages/?q=canary-text", "canary-text"),
        ("/api/v1/sentiments/", "canary-text"),
        ("/api/v1/sentiments/{message}/", "canary-text"),
        ("/api/v1/contacts/", ""),
        ("/admin/", "person-1"),
        ("/admin/chats/chatmodel/", ""),
        ("/admin/chats/chatmodel/{pk}/change/", "canary-text"),
        ("/admin/chats/chatmodel/{pk}/messages/?after=0", "canary-text"),
        ("/admin/chats/chatmodel/?q=canary-text", ""),
        ("/admin/analysis/sentimentchatmodel/", "canary-text"),
        ("/admin/analysis/conversationsummary/", ""),
        ("/admin/analysis/conversationanalytics/", ""),
        ("/admin/chats/contact/", ""),
    ],
)
def test_each_way_of_reading_a_conversation_leaves_a_line_without_its_text(
    admin: User, tenant: TenantModel, chat: ChatModel, lines: Any, url: str, shown: str
) -> None:
    with in_tenant(tenant):
        message = post_message(chat_id=chat.chat_id, content="canary-text is what I love").message
    with tenant_scope(tenant):
        process_message(message.pk)
    reader: Any = browser_of(admin) if url.startswith("/admin/") else client_of(admin)
    path = url.format(chat=chat.chat_id, pk=chat.pk, message=message.pk)
    answer = reader.get(path, headers={"X-Request-Id": "trace-1"})
    assert shown in answer.content.decode()
    (line,) = lines("access")
    assert (line["user"], line["request_id"], line["status"]) == (str(admin.pk), "trace-1", answer.status_code)
    assert "canary" not in json.dumps(line)
