"""Finding conversations in the staff's inbox: by what was said, the title, the person, the number."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.admin.views.main import ChangeList
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from chats.models import ChatModel, ChatStatus, Contact
from chats.services.lifecycle import create_chat
from chats.services.messages import post_message
from tenants.models import TenantModel, User
from tenants.scope import in_tenant
from tests.support.administration import browser_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def chats(tenant: TenantModel) -> Iterator[dict[str, ChatModel]]:
    """Conversations that differ in what finds them."""
    with in_tenant(tenant):
        ana = Contact.objects.create(channel="whatsapp", external_id="573001234567", name="Ana María López")
        made = {
            "named": create_chat(user_id=ana.external_id, channel="whatsapp", contact=ana),
            "titled": create_chat(user_id="person-2", channel="api", title="About the Monstera"),
            "said": create_chat(user_id="person-3", channel="api"),
            "other": create_chat(user_id="person-4", channel="api"),
        }
        post_message(chat_id=made["said"].chat_id, content="Where are the giraffes?", client_message_id="c1")
        yield made


def found(user: User, query: str, **more: Any) -> list[int]:
    """Return the keys of the conversations in the list."""
    page = browser_of(user).get(reverse("admin:chats_chatmodel_changelist"), {"q": query, **more})
    return [row.pk for row in page.context["cl"].result_list]


@pytest.mark.parametrize(
    ("query", "which"),
    [
        ("maria", "named"), ("lópez ana", "named"), ("30012345", "named"), ("Monst", "titled"), ("the mon", "titled"),
        ("giraffe", "said"), ("erson-4", "other"),
    ],
)  # fmt: skip
def test_a_conversation_is_found(colleague: User, chats: dict[str, ChatModel], query: str, which: str) -> None:
    assert found(colleague, query) == [chats[which].pk]


def test_a_conversation_is_found_by_its_number_and_a_search_for_spaces_is_none(
    colleague: User, chats: dict[str, ChatModel]
) -> None:
    assert found(colleague, f" {chats['other'].chat_id} ") == [chats["other"].pk]
    assert len(found(colleague, "  ")) == len(chats)
    assert found(colleague, "nothing like that") == []


def test_what_is_found_stays_within_the_filters_and_deleted_ones_stay_away(
    colleague: User, chats: dict[str, ChatModel]
) -> None:
    assert found(colleague, "person", status__exact="waiting") == []
    ChatModel.objects.filter(pk=chats["titled"].pk).update(status=ChatStatus.DELETED, is_active=False)
    assert found(colleague, "Monstera") == []


def test_a_search_costs_the_same_however_many_are_found(colleague: User, tenant: TenantModel) -> None:
    def statements(query: str) -> int:
        with CaptureQueriesContext(connection) as asked:
            found(colleague, query)
        return len(asked)

    with in_tenant(tenant):
        create_chat(user_id="person-1", channel="api", title="Parcel")
        statements("Parcel")
        few = statements("Parcel")
        for number in range(30):
            create_chat(user_id=f"person-{number}", channel="api", title="Parcel")
        assert statements("Parcel") == few


def test_the_headers_of_a_list_are_made_once_for_all_its_rows(
    colleague: User, chats: dict[str, ChatModel], monkeypatch: pytest.MonkeyPatch
) -> None:
    made = []
    columns = ChangeList.get_ordering_field_columns

    def count(self: ChangeList) -> Any:
        made.append(self)
        return columns(self)

    monkeypatch.setattr(ChangeList, "get_ordering_field_columns", count)
    assert len(found(colleague, "")) == len(chats)
    assert len(made) == 1
