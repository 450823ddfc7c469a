"""Search over REST and in the administration."""

from typing import Any

import pytest
from django.core.management import call_command

from chats.models import ChatModel, ContentChatModel
from chats.services.messages import post_message
from chats.tests.test_sealed_messages import set_policy
from tenants.models import TenantModel, User
from tenants.scope import in_tenant
from tests.support.administration import browser_of
from tests.support.cast import Visitor, client_of, client_with_key

pytestmark = pytest.mark.django_db

MESSAGES, CHATS = "/api/v1/search/messages/", "/api/v1/search/chats/"


@pytest.fixture(autouse=True)
def _said(tenant: TenantModel, chat: ChatModel) -> None:
    with in_tenant(tenant):
        for number in range(3):
            post_message(chat_id=chat.chat_id, content=f"giraffe {number}")


def test_a_program_finds_messages_page_by_page(tenant: TenantModel) -> None:
    client = client_with_key(tenant)
    first = client.get(f"{MESSAGES}?q=giraffes&page_size=2").json()
    assert [hit["message"]["content"] for hit in first["results"]] == ["giraffe 2", "giraffe 1"]
    assert first["results"][0]["excerpt"][0] == {"text": "giraffe", "is_match": True}
    second = client.get(first["next"]).json()
    assert ([hit["message"]["content"] for hit in second["results"]], second["next"]) == (["giraffe 0"], None)


def test_a_viewer_finds_chats(viewer: User, tenant: TenantModel, chat: ChatModel) -> None:
    found = client_of(viewer, tenant).get(CHATS, {"q": "giraffe"}).json()["results"]
    assert [(hit["chat"]["chat_id"], hit["message"]["content"]) for hit in found] == [(str(chat.chat_id), "giraffe 2")]


def test_neighbours_and_visitors_find_nothing(neighbour: TenantModel, visitor: Visitor) -> None:
    assert client_with_key(neighbour).get(MESSAGES, {"q": "giraffe"}).json()["results"] == []
    assert visitor.client.get(MESSAGES, {"q": "giraffe"}).status_code == 403


@pytest.mark.parametrize(
    "query", [{}, {"q": "x", "sender": "me"}, {"q": "x", "chat": "1"}, {"q": "x", "created_after": "May"},
              {"q": "x", "cursor": "-1"}, {"q": "x", "page_size": "0"}],
)  # fmt: skip
def test_bad_parameters_get_a_clear_error(tenant: TenantModel, query: Any) -> None:
    answer = client_with_key(tenant).get(MESSAGES, query)
    assert (answer.status_code, answer.json()["errors"][0]["attr"]) == (400, list(query)[-1] if query else "q")


@pytest.mark.parametrize("query", ["'", '"', "-", "\\", "a:* & !b", "%00", "' OR 1=1", "😀", "-" * 600])
def test_no_sign_breaks_a_search(tenant: TenantModel, query: str) -> None:
    client = client_with_key(tenant)
    assert [client.get(path, {"q": f"giraffe {query}"}).status_code for path in (MESSAGES, CHATS)] == [200, 200]


def test_messages_sealed_later_are_found_and_clear_ones_again(tenant: TenantModel) -> None:
    client = client_with_key(tenant)
    for policy, options in (("all", {"all": True}), ("off", {"decrypt": True})):
        set_policy(tenant, policy)
        call_command("encrypt_sensitive_messages", tenant=tenant.name, **options)
        with in_tenant(tenant):
            assert set(ContentChatModel.objects.values_list("is_encrypted", flat=True)) == {policy == "all"}
        assert len(client.get(MESSAGES, {"q": "giraffe"}).json()["results"]) == 3


def test_the_inbox_is_searched_by_what_was_said(owner: User, chat: ChatModel) -> None:
    client = browser_of(owner)
    page = client.get("/admin/chats/chatmodel/", {"q": "giraffes"}).content.decode()
    assert f"/admin/chats/chatmodel/{chat.pk}/change/" in page
    page = client.get("/admin/chats/chatmodel/", {"q": "elephants"}).content.decode()
    assert f"/admin/chats/chatmodel/{chat.pk}/change/" not in page
