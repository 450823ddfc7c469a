"""What a delivered webhook says of chats and messages (api.md, "Webhooks out", "A message on the wire")."""

from typing import Any

import pytest

from chats.models import ChatModel
from chats.services import lifecycle
from chats.services.message_details import message_details
from chats.services.messages import post_message
from notifications.models import Event
from notifications.services.bodies import data_of
from notifications.tests.receiver import LOOPBACK, delivering, endpoint_of, receiving, settle_down
from tenants.models import TenantModel, User
from tenants.scope import in_tenant
from tests.support.cast import client_of

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "operations"])


@pytest.fixture(autouse=True)
def _loopback_may_be_called(settings: Any) -> None:
    settings.OUTGOING_ALLOW = LOOPBACK


def latest(tenant: TenantModel, event_type: str) -> dict[str, Any]:
    """Return the data of the latest event of a type, as it would be sent now."""
    with in_tenant(tenant):
        return data_of(Event.objects.filter(type=event_type).latest("id"))


def test_a_delivered_message_is_the_one_that_the_staff_read_by_rest(
    tenant: TenantModel, chat: ChatModel, colleague: User
) -> None:
    with receiving() as receiver, delivering():
        endpoint_of(tenant, receiver, "message.created")
        with in_tenant(tenant):
            post_message(chat_id=chat.chat_id, content="Where is my order?", client_message_id="c-1")
        settle_down()
    (heard,) = receiver.taken
    (shown,) = client_of(colleague).get(f"/api/v1/chats/{chat.chat_id}/messages/").json()["results"]
    assert heard.body["type"] == "message.created"
    assert heard.body["data"]["message"] == shown
    assert (shown["content"], heard.body["data"]["id"]) == ("Where is my order?", shown["id"])
    assert heard.body["data"]["chat_id"] == str(chat.chat_id)


def test_a_delivered_chat_is_the_one_that_rest_gives_with_what_happened(
    tenant: TenantModel, chat: ChatModel, colleague: User
) -> None:
    with receiving() as receiver, delivering():
        endpoint_of(tenant, receiver, "chat.escalated")
        with in_tenant(tenant):
            lifecycle.escalate(chat_id=chat.chat_id, reason="requested")
        settle_down()
    (heard,) = receiver.taken
    data = heard.body["data"]
    shown = client_of(colleague).get(f"/api/v1/chats/{chat.chat_id}/").json()
    assert {name: data["chat"][name] for name in shown} == shown
    assert (data["object"], data["id"], data["reason"]) == ("chat", str(chat.chat_id), "requested")
    assert data["chat"]["status"] == "waiting"


def test_a_message_carries_its_sentiment(tenant: TenantModel, chat: ChatModel) -> None:
    with in_tenant(tenant):
        post_message(chat_id=chat.chat_id, content="Hello")
    mood = {"sentiment": "negative", "score": -0.8}
    with message_details.lent(sentiment=lambda ids: dict.fromkeys(ids, mood)):
        assert latest(tenant, "message.created")["message"]["sentiment"] == mood


def test_of_a_deleted_chat_the_ids_alone_are_told(tenant: TenantModel, chat: ChatModel) -> None:
    with in_tenant(tenant):
        post_message(chat_id=chat.chat_id, content="My secret")
        ChatModel.objects.filter(pk=chat.pk).update(status="deleted", is_active=False)
    message, created = latest(tenant, "message.created"), latest(tenant, "chat.created")
    assert "My secret" not in str(message)
    assert (message["object"], message["chat_id"]) == ("message", str(chat.chat_id))
    assert created == {"object": "chat", "id": str(chat.chat_id)}
