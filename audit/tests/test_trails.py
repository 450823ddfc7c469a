"""The loggers `chats.access` and `chats.security`, and the entries of acts: who, what, and never a text."""

import json
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.urls import reverse

from audit.log_files import LogFile
from audit.models import AuditLog
from audit.services.acts import needs_entry
from chats.models import ChatModel
from config.routing import websockets
from tenants.models import TenantModel, User
from tenants.scope import in_tenant
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
    client_with_key(tenant, "chats:write").patch(f"/api/v1/chats/{chat.chat_id}/", {"title": "x"}, format="json")
    with in_tenant(tenant):
        row = AuditLog.objects.get(action="chat_changed")
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


async def test_who_opens_a_conversations_socket_is_a_line(visitor: Visitor, lines: Any) -> None:
    communicator = WebsocketCommunicator(
        websockets, f"/ws/chats/{visitor.chat.chat_id}/", subprotocols=["charla.v1", f"bearer.{visitor.token}"]
    )
    await communicator.connect()
    assert json.loads(await communicator.receive_from(timeout=5))["type"] == "ready"
    await communicator.disconnect()
    (line,) = lines("access")
    assert (line["event"], line["object"]) == ("socket_opened", str(visitor.chat.chat_id))
    assert line["contact"] == str(visitor.chat.contact_id)
