"""What apps above add to messages is for those who may know it."""

from collections.abc import Sequence
from typing import Any

import pytest

from chats.models import ChatModel
from chats.services.message_details import message_details
from chats.tests.test_turns import ask
from tenants.models import TenantModel, User
from tests.support.cast import Visitor, client_of

pytestmark = pytest.mark.django_db(transaction=True)


def moods(message_ids: Sequence[int]) -> dict[int, Any]:
    """Return a mood for each message."""
    return {message_id: {"sentiment": "negative"} for message_id in message_ids}


def test_the_staff_see_the_details_of_messages(tenant: TenantModel, chat: ChatModel, colleague: User) -> None:
    ask(tenant, chat)
    with message_details.lent(sentiment=moods):
        answer = client_of(colleague).get(f"/api/v1/chats/{chat.chat_id}/messages/")
    assert answer.json()["results"][0]["sentiment"] == {"sentiment": "negative"}


def test_the_person_does_not(tenant: TenantModel, visitor: Visitor) -> None:
    ask(tenant, visitor.chat)
    with message_details.lent(sentiment=moods):
        answer = visitor.client.get(f"/api/v1/chats/{visitor.chat.chat_id}/messages/")
    assert answer.json()["results"][0]["sentiment"] is None
