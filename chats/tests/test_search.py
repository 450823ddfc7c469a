"""Search in messages: what is found, by whom, and in which order; clear and sealed."""

from typing import Any

import pytest

from chats.models import ChatModel, ContentChatModel
from chats.services.messages import post_message
from chats.services.searching import Filters, search_chats, search_messages
from chats.tests.test_sealed_messages import set_policy
from tenants.models import TenantModel
from tenants.scope import in_tenant

pytestmark = pytest.mark.django_db


@pytest.fixture(params=["off", "all"])
def policy(request: Any, tenant: TenantModel) -> str:
    """Let the tenant keep its messages clear, then sealed."""
    set_policy(tenant, request.param)
    return str(request.param)


def say(chat: ChatModel, *texts: str, **fields: Any) -> None:
    with in_tenant(chat.tenant_id):
        for text in texts:
            post_message(chat_id=chat.chat_id, content=text, **fields)


def found(tenant: TenantModel, query: str, **filters: Any) -> list[str]:
    with in_tenant(tenant):
        hits = search_messages(query=query, filters=Filters(**filters), size=50).hits
        return [hit.message.content for hit in hits]


def test_messages_are_found_by_any_form_of_their_words_newest_first(
    tenant: TenantModel, chat: ChatModel, policy: str
) -> None:
    say(chat, "¿Cuándo llega mi envío?", "Los envíos llegan mañana", "No quiero nada más")
    assert found(tenant, "ENVIO") == ["Los envíos llegan mañana", "¿Cuándo llega mi envío?"]
    with in_tenant(tenant):
        assert set(ContentChatModel.objects.values_list("is_encrypted", flat=True)) == {policy == "all"}


def test_all_the_words_must_stand_there_and_none_of_the_unwanted(
    tenant: TenantModel, chat: ChatModel, policy: str
) -> None:
    say(chat, "the red bicycle is broken", "the blue bicycle is broken", "the red lamp is broken")
    assert found(tenant, "red bicycle") == ["the red bicycle is broken"]
    assert found(tenant, "broken -bicycle") == ["the red lamp is broken"]
    assert found(tenant, "-bicycle") == []


def test_a_phrase_stands_word_beside_word(tenant: TenantModel, chat: ChatModel, policy: str) -> None:
    say(chat, "my order number is lost", "the number of my order is lost")
    assert found(tenant, '"order number"') == ["my order number is lost"]
    assert found(tenant, 'lost -"order number"') == ["the number of my order is lost"]


def test_filters_narrow_what_is_found(tenant: TenantModel, chat: ChatModel, policy: str) -> None:
    say(chat, "a delivery today")
    say(chat, "your delivery is near", sender="staff")
    assert found(tenant, "delivery", sender="staff") == ["your delivery is near"]
    assert found(tenant, "delivery", chat_id=chat.tenant_id) == []


def test_pages_follow_one_another(tenant: TenantModel, chat: ChatModel, policy: str) -> None:
    say(chat, *(f"parcel number {number}" for number in range(5)))
    with in_tenant(tenant):
        first = search_messages(query="parcel", filters=Filters(), size=2)
        second = search_messages(query="parcel", filters=Filters(), size=2, before=first.next)
        third = search_messages(query="parcel", filters=Filters(), size=2, before=second.next)
    shown = [hit.message.content[-1] for page in (first, second, third) for hit in page.hits]
    assert (shown, third.next) == (["4", "3", "2", "1", "0"], None)


def test_a_neighbours_messages_are_not_found(
    tenant: TenantModel, chat: ChatModel, their_chat: ChatModel, policy: str
) -> None:
    say(their_chat, "a secret giraffe")
    assert found(tenant, "giraffe") == []


def test_a_chat_is_found_once_with_its_latest_message(tenant: TenantModel, chat: ChatModel, policy: str) -> None:
    say(chat, "a giraffe in May", "a giraffe in June")
    with in_tenant(tenant):
        page = search_chats(query="giraffe", filters=Filters(), size=10)
    assert [hit.message.content for hit in page.hits] == ["a giraffe in June"]


def test_a_changed_message_is_found_by_its_new_words_alone(tenant: TenantModel, chat: ChatModel, policy: str) -> None:
    say(chat, "an old giraffe")
    with in_tenant(tenant):
        message = ContentChatModel.objects.get()
        message.content = "a young zebra"
        message.save(update_fields=["content"])
    assert (found(tenant, "giraffe"), found(tenant, "zebra")) == ([], ["a young zebra"])


def test_an_excerpt_marks_the_words(tenant: TenantModel, chat: ChatModel, policy: str) -> None:
    say(chat, "x " * 300 + "where is my Devolución, please? " + "y " * 300, language="es")
    with in_tenant(tenant):
        pieces = search_messages(query="devoluciones", filters=Filters(), size=1).hits[0].excerpt
    assert [piece.text for piece in pieces if piece.is_match] == ["Devolución"]
    assert pieces[0].text == pieces[-1].text[-1] == "…"
    assert sum(len(piece.text) for piece in pieces) < 260
