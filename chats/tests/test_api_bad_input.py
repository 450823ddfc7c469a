"""Bad input of every kind gets api.md's error and never a 500."""

import base64
from typing import Any

import pytest
from rest_framework.test import APIClient

from chats.models import ChatModel
from tenants.models import TenantModel
from tests.support.cast import client_with_key


@pytest.fixture
def client(tenant: TenantModel) -> APIClient:
    """A program that may do everything in its tenant."""
    return client_with_key(tenant)


def first_error(response: Any) -> tuple[int, str]:
    """Return status and code of an answer."""
    return response.status_code, response.json()["errors"][0]["code"]


@pytest.mark.parametrize("position", ["p=abc", "p=%00", "r=1&p=", "p=2026", "p=NaN", "o=x", "\x00\xff"])
@pytest.mark.parametrize("path", ["chats", "agents", "api-keys", "knowledge-bases"])
def test_a_cursor_that_is_not_ours(client: APIClient, path: str, position: str) -> None:
    cursor = base64.b64encode(position.encode("latin-1")).decode()
    response = client.get(f"/api/v1/{path}/", {"cursor": cursor})
    assert response.status_code == 200 or first_error(response) == (400, "invalid")


@pytest.mark.parametrize("size", ["x", "-1", "0", "1.5", "²", "9" * 30])
def test_a_page_size_that_is_no_number(client: APIClient, chat: ChatModel, size: str) -> None:
    for path in ("/api/v1/chats/", f"/api/v1/chats/{chat.chat_id}/messages/"):
        assert first_error(client.get(path, {"page_size": size})) == (400, "invalid")


@pytest.mark.parametrize("sender", [[], {}, 1, True, "nobody"])
def test_a_sender_that_is_none(client: APIClient, chat: ChatModel, sender: Any) -> None:
    response = client.post(f"/api/v1/chats/{chat.chat_id}/messages/", {"content": "x", "sender": sender})
    assert first_error(response) == (400, "invalid")


@pytest.mark.parametrize("given", [[], {}, 0, False])
def test_a_client_message_id_that_is_no_text(client: APIClient, chat: ChatModel, given: Any) -> None:
    response = client.post(f"/api/v1/chats/{chat.chat_id}/messages/", {"content": "x", "client_message_id": given})
    assert first_error(response) == (400, "invalid")


@pytest.mark.parametrize("text", ["\u200b\u200b", "\u2060", " \u200e ", "\ufeff"])
def test_a_message_that_shows_nothing_is_blank(client: APIClient, chat: ChatModel, text: str) -> None:
    response = client.post(f"/api/v1/chats/{chat.chat_id}/messages/", {"content": text})
    assert first_error(response) == (400, "blank")


@pytest.mark.parametrize(
    "path", ["/api/v1/widget/config/?key=%00", "/api/v1/knowledge/search/?q=x&base=%00", "/api/v1/agents/%00/"]
)
def test_nul_in_an_address(client: APIClient, path: str) -> None:
    assert first_error(client.get(path)) == (400, "invalid")


@pytest.mark.parametrize(
    "body",
    [r'{"title": "\ud800"}', r'{"title": "\u0000"}', r'{"settings": {"x": "\u0000"}}', '{"settings": []}', "[]"],
)
def test_what_cannot_be_stored_in_a_chat(client: APIClient, chat: ChatModel, body: str) -> None:
    path = f"/api/v1/chats/{chat.chat_id}/"
    assert client.generic("PATCH", path, body, content_type="application/json").status_code == 400
    assert client.get(path).json()["title"] == ""


def test_a_body_that_is_too_large(client: APIClient, chat: ChatModel) -> None:
    response = client.post(f"/api/v1/chats/{chat.chat_id}/messages/", {"content": "x" * 1_100_000})
    assert first_error(response) == (413, "too_large")


@pytest.mark.parametrize("path", ["/api/v1/nothing/", "/api/v1/chats/abc/messages/", "/api/v1/chats/12/"])
def test_an_address_that_is_none_answers_json(client: APIClient, path: str) -> None:
    assert first_error(client.get(path)) == (404, "not_found")


def test_a_chat_asked_for_by_its_id_is_not_filtered(client: APIClient, chat: ChatModel) -> None:
    assert client.get(f"/api/v1/chats/{chat.chat_id}/", {"user_id": "somebody else"}).status_code == 200


@pytest.mark.parametrize("value", [r"\ud800", r"\u0000", r"a\udfffb"])
@pytest.mark.parametrize(
    ("path", "field"), [("chats", "agent"), ("chats", "channel"), ("agents", "language"), ("agents", "ai_model")]
)
def test_half_characters_anywhere_in_a_body(client: APIClient, path: str, field: str, value: str) -> None:
    body = f'{{"user_id": "u", "name": "n", "{field}": "{value}"}}'
    response = client.generic("POST", f"/api/v1/{path}/", body, content_type="application/json")
    assert first_error(response) == (400, "invalid")


def test_a_backslash_is_a_character_like_others(client: APIClient, chat: ChatModel) -> None:
    body = r'{"title": "C:\\u0000 and \\ud800", "settings": {"smile": "\ud83d\ude00"}}'
    response = client.generic("PATCH", f"/api/v1/chats/{chat.chat_id}/", body, content_type="application/json")
    assert response.json()["title"] == r"C:\u0000 and \ud800"
