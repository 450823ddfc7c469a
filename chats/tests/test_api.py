"""Chats and messages over REST (api.md)."""

import hashlib
import hmac
import json
from typing import Any
from uuid import UUID

import pytest
from rest_framework.test import APIClient

from chats.models import Channel, ChatModel, Contact, ContentChatModel
from chats.services import lifecycle, pace
from chats.services.messages import post_message
from tenants.models import Role, TenantModel, User
from tenants.scope import in_tenant
from tests.support.cast import (
    Visitor,
    client_of,
    client_with_key,
    make_visitor,
    member,
    publishable_key,
)


def messages_of(chat: ChatModel) -> str:
    """Return the path of a chat's messages."""
    return f"/api/v1/chats/{chat.chat_id}/messages/"


def error_of(response: Any) -> tuple[int, str, str | None]:
    """Return status, code and attribute of an answer's first error."""
    error = response.json()["errors"][0]
    return response.status_code, error["code"], error["attr"]


def test_a_program_opens_a_chat_and_writes(tenant: TenantModel) -> None:
    client = client_with_key(tenant)
    opened = client.post("/api/v1/chats/", {"user_id": "u-1"})
    assert opened.status_code == 201
    body = opened.json()
    assert (body["user_id"], body["agent"], body["channel"], body["status"]) == ("u-1", "aurora", "api", "active")
    written = client.post(f"/api/v1/chats/{body['chat_id']}/messages/", {"content": "¿Qué tal?"})
    assert written.status_code == 201
    message = written.json()
    assert (message["sequence"], message["sender"], message["role"], message["language"]) == (1, "user", "user", "es")
    assert isinstance(message["id"], str)


def test_a_chat_is_opened_with_settings_over_those_that_it_begins_with(tenant: TenantModel) -> None:
    body = {"user_id": "u-1", "settings": {"notifications": False, "shop": "north"}}
    settings = client_with_key(tenant).post("/api/v1/chats/", body).json()["settings"]
    assert (settings["notifications"], settings["shop"], settings["auto_response"]) == (False, "north", True)


def test_a_repeated_client_message_id_answers_200_with_the_first(tenant: TenantModel, chat: ChatModel) -> None:
    client, body = client_with_key(tenant), {"content": "once", "client_message_id": "c-1"}
    first, again = client.post(messages_of(chat), body), client.post(messages_of(chat), body)
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json() == again.json()


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({}, (400, "required", "content")),
        ({"content": ""}, (400, "blank", "content")),
        ({"content": "x" * 10_001}, (400, "too_long", "content")),
        ({"content": "a\x00b"}, (400, "invalid", "content")),
        ({"content": ["a"]}, (400, "invalid", "content")),
        ({"content": "x", "content_type": "image"}, (400, "unsupported_type", "content_type")),
        ({"content": "x", "sender": "system"}, (400, "invalid", "sender")),
        ({"content": "x", "in_response_to": "999"}, (400, "not_found", "in_response_to")),
        ({"content": "x", "client_message_id": "y" * 65}, (400, "invalid", "client_message_id")),
    ],
)
def test_bad_messages_get_a_clear_error(tenant: TenantModel, chat: ChatModel, body: Any, expected: Any) -> None:
    client = client_with_key(tenant)
    assert error_of(client.post(messages_of(chat), body)) == expected
    assert client.post(messages_of(chat), {"content": "good"}).json()["sequence"] == 1


@pytest.mark.parametrize("raw", [b"{", b"\xff\xfe", b'{"content": NaN}', b"[" * 100_000])
def test_a_body_that_is_not_json_says_so(tenant: TenantModel, chat: ChatModel, raw: Any) -> None:
    response = client_with_key(tenant).generic("POST", messages_of(chat), raw, content_type="application/json")
    assert error_of(response)[:2] == (400, "not_json")


@pytest.mark.parametrize("depth", [101, 400, 700])
def test_a_body_of_too_many_objects_inside_each_other_is_refused(
    tenant: TenantModel, chat: ChatModel, depth: int
) -> None:
    raw: Any = b'{"settings": ' + b'{"a": ' * (depth - 1) + b"1" + b"}" * depth
    path = f"/api/v1/chats/{chat.chat_id}/"
    response = client_with_key(tenant).generic("PATCH", path, raw, content_type="application/json")
    assert error_of(response) == (400, "invalid", None)


def test_half_a_character_is_refused(tenant: TenantModel, chat: ChatModel) -> None:
    raw: Any = b'{"content": "\\ud800"}'
    response = client_with_key(tenant).generic("POST", messages_of(chat), raw, content_type="application/json")
    assert error_of(response) == (400, "invalid", "content")


def test_naughty_strings_are_kept_as_they_are(tenant: TenantModel, chat: ChatModel) -> None:
    client = client_with_key(tenant)
    for text in (
        "<script>alert(1)</script>",
        "'; DROP TABLE users;--",
        "Ω≈ç√∫˜µ≤≥÷",
        "👾 🙇 💁 🙅",
        "؀؁؂؃",
        "1E+02",
        "\u202etest",
    ):
        assert client.post(messages_of(chat), {"content": text}).json()["content"] == text


def test_an_archived_chat_answers_chat_closed(tenant: TenantModel, chat: ChatModel) -> None:
    client = client_with_key(tenant)
    client.post(f"/api/v1/chats/{chat.chat_id}/archive/")
    assert error_of(client.post(messages_of(chat), {"content": "hello?"})) == (409, "chat_closed", None)


@pytest.mark.parametrize(("name", "other"), [("user_id", "somebody-else"), ("channel", "whatsapp")])
def test_a_conversation_stays_with_its_person_and_its_channel(
    tenant: TenantModel, chat: ChatModel, name: str, other: str
) -> None:
    client, path = client_with_key(tenant), f"/api/v1/chats/{chat.chat_id}/"
    assert error_of(client.patch(path, {name: other}))[0::2] == (400, name)
    same = client.get(path).json()[name]
    changed = client.patch(path, {name: same, "title": "Late"}).json()
    assert (changed[name], changed["title"]) == (same, "Late")


def test_a_neighbours_chat_is_not_found_in_any_way(tenant: TenantModel, their_chat: ChatModel) -> None:
    client, path = client_with_key(tenant), f"/api/v1/chats/{their_chat.chat_id}/"
    answers = [
        client.get(path),
        client.patch(path, {"title": "mine"}),
        client.delete(path),
        client.get(messages_of(their_chat)),
        client.post(messages_of(their_chat), {"content": "x"}),
        *[client.post(f"{path}{verb}/") for verb in ("complete", "archive", "reopen", "escalate", "release")],
        client.post(f"{path}rating/", {"rating": 1}),
    ]
    assert [answer.status_code for answer in answers] == [404] * len(answers)


def test_messages_come_in_pages_both_ways(tenant: TenantModel, chat: ChatModel) -> None:
    client = client_with_key(tenant)
    with in_tenant(tenant):
        for number in range(5):
            post_message(chat_id=chat.chat_id, content=str(number))

    def sequences(query: str) -> list[int]:
        return [message["sequence"] for message in client.get(messages_of(chat) + query).json()["results"]]

    assert sequences("") == [1, 2, 3, 4, 5]
    assert sequences("?after_sequence=3") == [4, 5]
    assert sequences("?before_sequence=4&page_size=2") == [2, 3]
    following = client.get(messages_of(chat) + "?page_size=2").json()["next"]
    assert [message["sequence"] for message in client.get(following).json()["results"]] == [3, 4]


def test_reading_messages_costs_the_same_however_many(
    tenant: TenantModel, chat: ChatModel, django_assert_num_queries: Any, colleague: User
) -> None:
    client = client_with_key(tenant)
    with in_tenant(tenant):
        for _number in range(30):
            post_message(chat_id=chat.chat_id, content="x", sender="staff", author=colleague)
    client.get(messages_of(chat))
    with django_assert_num_queries(5):  # savepoint, chat, messages with their authors, their sentiments, release
        client.get(messages_of(chat))


def test_visitors_see_their_own_chats_alone(tenant: TenantModel, chat: ChatModel, visitor: Visitor) -> None:
    other = make_visitor(tenant)
    listed = visitor.client.get("/api/v1/chats/").json()["results"]
    assert [entry["chat_id"] for entry in listed] == [str(visitor.chat.chat_id)]
    for foreign in (chat, other.chat):
        assert visitor.client.get(messages_of(foreign)).status_code == 404
        assert visitor.client.post(messages_of(foreign), {"content": "x"}).status_code == 404
        assert visitor.client.post(f"/api/v1/chats/{foreign.chat_id}/escalate/").status_code == 404
        assert visitor.client.post(f"/api/v1/chats/{foreign.chat_id}/rating/", {"rating": 1}).status_code == 404


def test_visitors_do_not_do_what_is_the_staffs(tenant: TenantModel, visitor: Visitor) -> None:
    path = f"/api/v1/chats/{visitor.chat.chat_id}/"
    answers = [
        visitor.client.patch(path, {"title": "x"}),
        visitor.client.delete(path),
        visitor.client.post(f"{path}assign/"),
        visitor.client.post(f"{path}archive/"),
        visitor.client.get("/api/v1/api-keys/"),
        visitor.client.post(messages_of(visitor.chat), {"content": "x", "sender": "agent"}),
    ]
    assert [answer.status_code for answer in answers] == [403] * len(answers)


def test_an_expired_session_says_so(tenant: TenantModel, visitor: Visitor) -> None:
    from chats.models import VisitorSession
    from chats.services.visitors import forget_visitors

    with in_tenant(tenant):
        VisitorSession.objects.update(expires_at="2020-01-01T00:00:00Z")
    forget_visitors()
    assert error_of(visitor.client.get("/api/v1/chats/"))[:2] == (401, "token_expired")


def test_a_hundred_messages_a_second_from_one_visitor_are_slowed(
    tenant: TenantModel, visitor: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pace, "PER_SECOND", 0.001)  # however long the test takes
    answers = [visitor.client.post(messages_of(visitor.chat), {"content": "spam"}) for _ in range(30)]
    refused = [answer for answer in answers if answer.status_code == 429]
    assert len(refused) == 10
    assert error_of(refused[0])[:2] == (429, "rate_limited")
    assert int(refused[0]["Retry-After"]) >= 1
    with in_tenant(tenant):
        assert ContentChatModel.objects.count() == 20


def test_a_widget_starts_by_its_key_from_an_allowed_page(tenant: TenantModel) -> None:
    client, body = APIClient(), {"key": publishable_key(tenant), "locale": "es"}
    started = client.post("/api/v1/widget/sessions/", body, HTTP_ORIGIN="http://testserver")
    assert started.status_code == 201
    assert set(started.json()) == {"token", "expires_at", "contact", "chat"}
    elsewhere = client.post("/api/v1/widget/sessions/", body, HTTP_ORIGIN="https://evil.example")
    assert error_of(elsewhere)[:2] == (403, "permission_denied")
    unknown = client.get("/api/v1/widget/config/", {"key": "pk_unknown"})
    assert unknown.status_code == 404


def test_staff_speak_as_themselves(tenant: TenantModel, chat: ChatModel, colleague: User) -> None:
    User.objects.filter(pk=colleague.pk).update(first_name="Marta", last_name="Ruiz")
    message = client_of(colleague).post(messages_of(chat), {"content": "I take over"}).json()
    assert (message["sender"], message["role"]) == ("staff", "assistant")
    assert message["author"] == {"id": str(colleague.pk), "name": "Marta Ruiz", "kind": "staff"}


def test_staff_without_a_name_do_not_show_their_email(tenant: TenantModel, chat: ChatModel, colleague: User) -> None:
    message = client_of(colleague).post(messages_of(chat), {"content": "I take over"}).json()
    assert message["author"] == {"id": str(colleague.pk), "name": "", "kind": "staff"}


def test_viewers_read_and_do_not_write(tenant: TenantModel, chat: ChatModel, viewer: User) -> None:
    client = client_of(viewer)
    assert client.get("/api/v1/chats/").status_code == 200
    assert client.post(messages_of(chat), {"content": "x"}).status_code == 403


def test_a_key_does_what_its_scopes_say(tenant: TenantModel, chat: ChatModel) -> None:
    reader, writer = client_with_key(tenant, "chats:read"), client_with_key(tenant, "chats:write")
    assert reader.get("/api/v1/chats/").status_code == 200
    assert reader.post(messages_of(chat), {"content": "x"}).status_code == 403
    assert writer.post(messages_of(chat), {"content": "x"}).status_code == 201
    assert writer.post(messages_of(chat), {"content": "x", "sender": "agent"}).status_code == 403


def test_a_person_of_two_tenants_names_one(tenant: TenantModel, neighbour: TenantModel, chat: ChatModel) -> None:
    person = member(tenant, Role.AGENT)
    with in_tenant(neighbour):
        from tenants.models import Membership

        Membership.objects.create(user=person, role=Role.VIEWER)
    assert error_of(client_of(person).get("/api/v1/chats/"))[:2] == (400, "required")
    assert len(client_of(person, tenant).get("/api/v1/chats/").json()["results"]) == 1
    assert client_of(person, neighbour).get("/api/v1/chats/").json()["results"] == []


def test_a_tenant_that_is_not_ones_own_is_not_found(tenant: TenantModel, outsider: User, operator: User) -> None:
    assert client_of(outsider, tenant).get("/api/v1/chats/").status_code == 404
    assert client_of(operator, tenant).get("/api/v1/chats/").status_code == 200


def test_deleted_chats_are_gone_but_for_administrators(tenant: TenantModel, chat: ChatModel, admin: User) -> None:
    client = client_of(admin)
    assert client.delete(f"/api/v1/chats/{chat.chat_id}/").status_code == 204
    assert client.get(f"/api/v1/chats/{chat.chat_id}/").status_code == 404
    assert client.get("/api/v1/chats/").json()["results"] == []
    assert len(client.get("/api/v1/chats/?status=deleted").json()["results"]) == 1


def test_taking_over_and_giving_back(tenant: TenantModel, chat: ChatModel, colleague: User) -> None:
    client, path = client_of(colleague), f"/api/v1/chats/{chat.chat_id}/"
    taken = client.post(f"{path}assign/").json()
    assert (taken["status"], taken["assigned_to"]) == ("waiting", str(colleague.pk))
    back = client.post(f"{path}release/").json()
    assert (back["status"], back["assigned_to"]) == ("active", None)
    with in_tenant(tenant):
        chat.refresh_from_db()
    assert chat.owner_version == 2


def test_every_answer_has_a_request_id_and_is_not_cached(tenant: TenantModel) -> None:
    answer = client_with_key(tenant).get("/api/v1/chats/", HTTP_X_REQUEST_ID="trace-7")
    assert answer["X-Request-Id"] == "trace-7"
    assert answer["Cache-Control"] == "private, no-store"


def test_rating_is_from_one_to_five_and_the_last_counts(tenant: TenantModel, visitor: Visitor) -> None:
    path = f"/api/v1/chats/{visitor.chat.chat_id}/rating/"
    assert visitor.client.post(path, {"rating": 6}).status_code == 400
    for rating in (2, 5):
        assert visitor.client.post(path, {"rating": rating, "comment": "ok"}).json()["rating"] == rating


def test_the_schema_is_served_without_warnings(tenant: TenantModel) -> None:
    schema = APIClient().get("/api/schema/", HTTP_ACCEPT="application/vnd.oai.openapi+json")
    assert schema.status_code == 200
    assert "/api/v1/chats/{chat_id}/messages/" in json.loads(schema.content)["paths"]


def test_asking_for_a_person_twice_is_one_escalation(tenant: TenantModel, visitor: Visitor) -> None:
    path = f"/api/v1/chats/{visitor.chat.chat_id}/escalate/"
    assert [visitor.client.post(path).json()["status"] for _ in range(2)] == ["waiting", "waiting"]
    with in_tenant(tenant):
        chat = ChatModel.objects.get(pk=visitor.chat.pk)
        assert chat.owner_version == 1
        lifecycle.reopen(chat_id=chat.chat_id)


def start_as(tenant: TenantModel, identifier_hash: str) -> dict[str, Any]:
    """Start a widget for somebody whom the page says it knows; return the chat."""
    user = {"identifier": "customer-7", "name": "Ana", "identifier_hash": identifier_hash}
    started = APIClient().post("/api/v1/widget/sessions/", {"key": publishable_key(tenant), "user": user})
    assert started.status_code == 201
    chat: dict[str, Any] = started.json()["chat"]
    return chat


def proof_of_customer_7(tenant: TenantModel) -> str:
    """Return the hash that the tenant's own server would make."""
    with in_tenant(tenant):
        secret = Channel.objects.get(name="web").widget_secret
    return hmac.new(secret.encode(), b"customer-7", hashlib.sha256).hexdigest()


def test_a_known_persons_open_conversation_goes_on_in_another_browser(tenant: TenantModel) -> None:
    right = proof_of_customer_7(tenant)
    first = start_as(tenant, right)["chat_id"]
    assert start_as(tenant, right)["chat_id"] == first
    with in_tenant(tenant):
        lifecycle.archive(chat_id=UUID(first))
    assert start_as(tenant, right)["chat_id"] != first


def test_a_proven_identity_is_the_same_contact_and_a_claimed_one_stays_anonymous(tenant: TenantModel) -> None:
    right = proof_of_customer_7(tenant)
    assert start_as(tenant, right)["user_id"] == start_as(tenant, right)["user_id"] == "customer-7"
    for wrong in ("", "0" * 64, "ñ"):
        assert start_as(tenant, wrong)["user_id"] != "customer-7"
    with in_tenant(tenant):
        assert Contact.objects.get(external_id="customer-7").name == "Ana"


def test_a_chat_is_given_to_a_member_and_to_nobody_else(
    tenant: TenantModel, chat: ChatModel, admin: User, colleague: User, outsider: User
) -> None:
    client, path = client_of(admin), f"/api/v1/chats/{chat.chat_id}/assign/"
    assert error_of(client.post(path, {"assigned_to": str(outsider.pk)})) == (400, "invalid", "assigned_to")
    assert client.post(path, {"assigned_to": str(colleague.pk)}).json()["assigned_to"] == str(colleague.pk)
