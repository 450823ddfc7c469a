"""What is stored of messages and titles under a tenant's encryption policy, and how it is read."""

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from chats.models import ChatModel, ContentChatModel
from chats.services import lifecycle
from chats.services.messages import post_message
from tenants.encryption import SealError
from tenants.encryption.data_keys import forget_keys
from tenants.models import TenantModel
from tenants.scope import in_tenant
from tenants.services.config import forget_settings
from tests.support.cast import client_with_key

CARD = "My card is 4111 1111 1111 1111."


def set_policy(tenant: TenantModel, policy: str) -> None:
    """Give a tenant a policy."""
    tenant.settings = {**tenant.settings, "encryption_policy": policy}
    tenant.save(update_fields=["settings"])
    forget_settings()


def stored(table: str, column: str, pk: Any) -> str:
    """Return what a row has in the database, in the current scope."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {column} FROM {table} WHERE id = %s", [pk])
        return str(cursor.fetchone()[0])


def content_of(message: ContentChatModel) -> str:
    """Return a message as the database has it."""
    return stored("chats_contentchatmodel", "content", message.pk)


@pytest.mark.parametrize(
    ("policy", "text", "is_sealed"),
    [
        ("off", CARD, False),
        ("sensitive", CARD, True),
        ("sensitive", "Where is my order?", False),
        ("all", "Where is my order?", True),
    ],
)
def test_a_message_is_stored_as_the_policy_says(
    tenant: TenantModel, chat: ChatModel, policy: str, text: str, is_sealed: bool
) -> None:
    set_policy(tenant, policy)
    with in_tenant(tenant):
        message = post_message(chat_id=chat.chat_id, content=text).message
        row = ContentChatModel.objects.get(pk=message.pk)
        assert message.content == row.content == text
        assert row.is_encrypted is is_sealed
        assert (content_of(message) == text) is not is_sealed
        assert (row.encryption_key_id != "") is is_sealed
        title = ChatModel.objects.get(pk=chat.pk)
        assert title.title == text
        assert title.title_is_encrypted is is_sealed
        assert (stored("chats_chatmodel", "title", chat.pk) == text) is not is_sealed


def test_personal_data_is_sealed_by_default(tenant: TenantModel, chat: ChatModel) -> None:
    with in_tenant(tenant):
        message = post_message(chat_id=chat.chat_id, content=CARD).message
        assert "4111" not in content_of(message)


def test_the_settings_switch_turns_it_off(tenant: TenantModel, chat: ChatModel, settings: Any) -> None:
    settings.CHAT_SETTINGS = {**settings.CHAT_SETTINGS, "ENABLE_MESSAGE_ENCRYPTION": False}
    with in_tenant(tenant):
        message = post_message(chat_id=chat.chat_id, content=CARD).message
        assert content_of(message) == CARD


def test_a_chat_made_with_a_title_seals_it(tenant: TenantModel) -> None:
    set_policy(tenant, "all")
    with in_tenant(tenant):
        made = lifecycle.create_chat(user_id="visitor-1", title="Divorce")
        assert ChatModel.objects.get(pk=made.pk).title == "Divorce"
        assert "Divorce" not in stored("chats_chatmodel", "title", made.pk)


def test_a_sealed_message_is_saved_again_sealed(tenant: TenantModel, chat: ChatModel) -> None:
    with in_tenant(tenant):
        message = ContentChatModel.objects.get(pk=post_message(chat_id=chat.chat_id, content=CARD).message.pk)
        message.language = "es"
        message.save()
        message.content = "Forget the number"
        message.save(update_fields=["content"])
        assert ContentChatModel.objects.get(pk=message.pk).content == "Forget the number"
        assert "Forget" not in content_of(message)


def test_a_clear_message_that_gets_a_card_is_sealed(tenant: TenantModel, chat: ChatModel) -> None:
    with in_tenant(tenant):
        message = post_message(chat_id=chat.chat_id, content="Hello").message
        message.content = CARD
        message.save(update_fields=["content"])
        assert ContentChatModel.objects.get(pk=message.pk).is_encrypted
        assert "4111" not in content_of(message)


def test_what_only_looks_sealed_is_read_as_it_was_written(tenant: TenantModel, chat: ChatModel) -> None:
    text = "c1.d2f4.x is my favourite opening"
    with in_tenant(tenant):
        message = post_message(chat_id=chat.chat_id, content=text).message
        assert ContentChatModel.objects.get(pk=message.pk).content == text


@pytest.mark.parametrize("columns", [("content",), ("content", "is_encrypted"), ("sender",)])
def test_a_message_of_which_only_columns_are_loaded_opens(
    tenant: TenantModel, chat: ChatModel, columns: tuple[str, ...]
) -> None:
    with in_tenant(tenant):
        message = post_message(chat_id=chat.chat_id, content=CARD).message
        assert ContentChatModel.objects.only(*columns).get(pk=message.pk).content == CARD
        assert ContentChatModel.objects.defer("content").get(pk=message.pk).content == CARD


def test_without_the_key_a_message_is_listed_and_deleted_but_reading_it_says_what_is_missing(
    tenant: TenantModel, chat: ChatModel, settings: Any
) -> None:
    with in_tenant(tenant):
        message = post_message(chat_id=chat.chat_id, content=CARD).message
    settings.ENCRYPTION_KEYS = ""
    forget_keys()
    with in_tenant(tenant):
        row = ContentChatModel.objects.get(pk=message.pk)
        with pytest.raises(SealError, match="put it back into CHARLA_ENCRYPTION_KEYS"):
            _read = row.content
        row.language = "es"
        row.save()
        assert content_of(message).startswith("c1.")
        row.delete()


def test_without_a_key_personal_data_is_refused_never_stored_clear(
    tenant: TenantModel, chat: ChatModel, settings: Any
) -> None:
    settings.ENCRYPTION_KEYS = ""
    forget_keys()
    with pytest.raises(SealError, match="set CHARLA_ENCRYPTION_KEYS"), in_tenant(tenant):
        post_message(chat_id=chat.chat_id, content=CARD)
    with in_tenant(tenant):
        assert ContentChatModel.objects.count() == 0


def test_the_api_says_that_a_key_is_missing(tenant: TenantModel, chat: ChatModel, settings: Any) -> None:
    client = client_with_key(tenant)
    client.raise_request_exception = False
    with in_tenant(tenant):
        post_message(chat_id=chat.chat_id, content=CARD)
    settings.ENCRYPTION_KEYS = ""
    forget_keys()
    path = f"/api/v1/chats/{chat.chat_id}/messages/"
    for answer in (client.get(path), client.post(path, {"content": CARD})):
        assert answer.status_code == 503
        assert "key is missing" in answer.json()["errors"][0]["detail"]


def test_a_sealed_message_that_was_moved_to_another_place_does_not_open(tenant: TenantModel, chat: ChatModel) -> None:
    with in_tenant(tenant):
        first, second = (post_message(chat_id=chat.chat_id, content=CARD).message for _number in range(2))
        with connection.cursor() as cursor:
            cursor.execute(
                "UPDATE chats_contentchatmodel SET content = %s WHERE id = %s", [content_of(first), second.pk]
            )
        with pytest.raises(SealError, match="moved"):
            _read = ContentChatModel.objects.get(pk=second.pk).content


def test_a_page_of_sealed_messages_is_read_with_one_look_for_the_key(tenant: TenantModel, chat: ChatModel) -> None:
    set_policy(tenant, "all")
    with in_tenant(tenant):
        for number in range(20):
            post_message(chat_id=chat.chat_id, content=f"message {number}")
        forget_keys()
        with CaptureQueriesContext(connection) as asked:
            assert len({row.content for row in ContentChatModel.objects.all()}) == 20
    assert sum("tenants_datakey" in query["sql"] for query in asked) == 1


def test_a_sealed_message_costs_no_statement_more_than_a_clear_one(tenant: TenantModel, chat: ChatModel) -> None:
    counts = []
    for text in ("Hello", CARD, "Hello again", CARD):
        with in_tenant(tenant):
            with CaptureQueriesContext(connection) as asked:
                post_message(chat_id=chat.chat_id, content=text)
            counts.append(len(asked))
    assert counts[3] <= counts[2]
