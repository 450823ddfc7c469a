"""The one way in."""

import threading
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from chats.models import ChatModel, ChatStatus, ContentChatModel
from chats.services import lifecycle
from chats.services.errors import (
    ChatClosedError,
    ChatFullError,
    ChatNotFoundError,
    InvalidMessageError,
    OvertakenError,
)
from chats.services.messages import post_message
from chats.signals.muting import muted_signals
from notifications.models import Event
from tenants.models import TenantModel, WorkItem
from tenants.scope import in_tenant, tenant_scope
from tenants.services.config import forget_settings


def say(chat: ChatModel, content: str = "Hello there", **fields: Any) -> ContentChatModel:
    """Post one message in the current scope."""
    return post_message(chat_id=chat.chat_id, content=content, **fields).message


def test_a_message_gets_the_next_sequence_and_moves_the_counters(tenant: TenantModel, chat: ChatModel) -> None:
    with in_tenant(tenant):
        assert [say(chat).sequence for _ in range(3)] == [1, 2, 3]
        chat.refresh_from_db()
    assert (chat.message_count, chat.last_sequence) == (3, 3)
    assert chat.title == "Hello there"


@pytest.mark.parametrize(
    ("content", "language"), [("Hello!", "en"), ("hola", "es"), ("How much is it?", "en"), ("7", "")]
)
def test_a_message_knows_its_language(tenant: TenantModel, chat: ChatModel, content: str, language: str) -> None:
    with in_tenant(tenant):
        assert say(chat, content).language == language


def test_a_message_leaves_a_work_row_and_an_event(tenant: TenantModel, chat: ChatModel) -> None:
    with in_tenant(tenant):
        message = say(chat)
        event = Event.objects.get(type="message.created")
    item = WorkItem.objects.get(dedupe_key=f"message:{message.pk}")
    assert (item.kind, item.conversation, item.state) == ("turn", chat.pk, "ready")
    assert event.data == {"chat_id": str(chat.chat_id), "sequence": 1, "sender": "user", "status": "active"}


def test_the_same_client_message_id_is_one_message(tenant: TenantModel, chat: ChatModel) -> None:
    with in_tenant(tenant):
        first = post_message(chat_id=chat.chat_id, content="once", client_message_id="c1")
        again = post_message(chat_id=chat.chat_id, content="once", client_message_id="c1")
        chat.refresh_from_db()
    assert (first.created, again.created) == (True, False)
    assert first.message.pk == again.message.pk
    assert chat.message_count == 1


def test_accepting_costs_four_statements(tenant: TenantModel, chat: ChatModel) -> None:
    with tenant_scope(tenant):
        say_it = {"chat_id": chat.chat_id, "content": "How much is it?", "client_message_id": "c1"}
        post_message(**{**say_it, "client_message_id": "warm"})
        with CaptureQueriesContext(connection) as queries:
            post_message(**say_it)
    statements = [query["sql"] for query in queries if not query["sql"].startswith(("SAVEPOINT", "RELEASE"))]
    assert len(statements) == 4, statements


@pytest.mark.parametrize(
    ("content", "code"),
    [
        ("", "blank"),
        (" \n", "blank"),
        ("x" * 10_001, "too_long"),
        ("a\x00b", "invalid"),
        ("\ud800", "invalid"),
        (7, "invalid"),
    ],
)
def test_bad_text_is_refused_and_changes_nothing(tenant: TenantModel, chat: ChatModel, content: Any, code: str) -> None:
    with in_tenant(tenant):
        with pytest.raises(InvalidMessageError) as refused:
            say(chat, content)
        chat.refresh_from_db()
        assert refused.value.code == code
        assert (chat.message_count, WorkItem.objects.count()) == (0, 0)
        assert say(chat, "and the next good one works").sequence == 1


def test_other_content_types_are_refused_until_uploads_exist(tenant: TenantModel, chat: ChatModel) -> None:
    with in_tenant(tenant), pytest.raises(InvalidMessageError) as refused:
        say(chat, content_type="image")
    assert refused.value.code == "unsupported_type"


def test_a_neighbours_chat_does_not_exist(tenant: TenantModel, their_chat: ChatModel, neighbour: TenantModel) -> None:
    with in_tenant(tenant), pytest.raises(ChatNotFoundError):
        say(their_chat)
    with in_tenant(neighbour):
        their_chat.refresh_from_db()
    assert their_chat.message_count == 0


def test_an_archived_chat_takes_nothing(tenant: TenantModel, chat: ChatModel) -> None:
    with in_tenant(tenant):
        lifecycle.archive(chat_id=chat.chat_id)
        with pytest.raises(ChatClosedError):
            say(chat)


def test_a_completed_chat_is_reopened_by_its_person_alone(tenant: TenantModel, chat: ChatModel) -> None:
    with in_tenant(tenant):
        lifecycle.complete(chat_id=chat.chat_id)
        say(chat, sender="staff")
        chat.refresh_from_db()
        assert (chat.status, chat.is_active) == (ChatStatus.COMPLETED, False)
        say(chat)
        chat.refresh_from_db()
        assert (chat.status, chat.is_active) == (ChatStatus.ACTIVE, True)


def test_a_full_chat_says_so(tenant: TenantModel, chat: ChatModel) -> None:
    tenant.settings = {"max_conversation_length": 1}
    tenant.save()
    forget_settings()
    with in_tenant(tenant):
        say(chat)
        with pytest.raises(ChatFullError):
            say(chat)


def test_a_reply_begun_under_another_owner_is_refused(tenant: TenantModel, chat: ChatModel) -> None:
    with in_tenant(tenant):
        asked = say(chat)
        lifecycle.escalate(chat_id=chat.chat_id, reason="requested")
        with pytest.raises(OvertakenError):
            say(chat, sender="agent", owner_version=0, is_automatic=True, in_response_to_id=asked.pk)


def test_tokens_are_added_by_the_database_alone(tenant: TenantModel, chat: ChatModel) -> None:
    with in_tenant(tenant):
        say(chat, sender="agent", tokens_used=7)
        message = say(chat, sender="agent", tokens_used=5)
        ContentChatModel.objects.filter(pk=message.pk).update(tokens_used=6)
        chat.refresh_from_db()
        assert chat.total_tokens == 13
        message.delete()
        chat.refresh_from_db()
    assert chat.total_tokens == 7


def test_a_message_made_without_a_sequence_takes_the_next(tenant: TenantModel, chat: ChatModel) -> None:
    with in_tenant(tenant):
        say(chat)
        made = ContentChatModel.objects.create(chat=chat, content="Hi there!", content_type="text", sender="agent")
        assert made.sequence == 2
        assert chat.contents.filter(sender="agent").count() == 1


def test_muted_signals_are_silent_here_and_nowhere_else(
    tenant: TenantModel, chat: ChatModel, django_capture_on_commit_callbacks: Any
) -> None:
    with in_tenant(tenant), django_capture_on_commit_callbacks() as callbacks:
        with muted_signals():
            say(chat)
        assert callbacks == []
        say(chat)
    assert callbacks


@pytest.mark.django_db(transaction=True)
def test_sequences_have_no_holes_under_parallel_writers(tenant: TenantModel, chat: ChatModel) -> None:
    def write(number: int) -> None:
        try:
            with tenant_scope(tenant):
                for turn in range(5):
                    post_message(chat_id=chat.chat_id, content="x", client_message_id=f"{number % 4}-{turn}")
        finally:
            connection.close()

    writers = [threading.Thread(target=write, args=(number,)) for number in range(8)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    with in_tenant(tenant):
        sequences = list(chat.contents.values_list("sequence", flat=True))
        chat.refresh_from_db()
    assert sequences == list(range(1, 21))
    assert (chat.message_count, chat.last_sequence) == (20, 20)
