"""Receivers: what fires, what does not (chats-signals.md; the document's two cases in spirit)."""

from typing import Any
from unittest.mock import patch

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from kombu.exceptions import OperationalError

from agents.models import AgentModel
from audit.models import AuditLog
from chats.models import ChatModel, ContentChatModel
from chats.services import lifecycle
from chats.services.messages import post_message
from chats.signals import chat_post_save_receiver as chat_receivers
from chats.signals.definitions import chat_archived, conversation_completed, escalation_triggered
from chats.signals.muting import muted_signals
from notifications.models import Event
from tenants.models import TenantModel
from tenants.scope import in_tenant


def test_a_new_chat_is_set_up(tenant: TenantModel) -> None:
    with (
        in_tenant(tenant),
        patch("chats.signals.chat_post_save_receiver.initialize_chat_settings") as initialize,
    ):
        chat = ChatModel.objects.create(title="Test Chat", user_id="u")
        initialize.assert_called_once_with(chat)
        chat.title = "again"
        chat.save()
        initialize.assert_called_once()


def test_a_new_message_rings_on_commit(
    tenant: TenantModel, chat: ChatModel, django_capture_on_commit_callbacks: Any
) -> None:
    with patch("chats.signals.content_chat_emit.process_new_message") as process, in_tenant(tenant):
        with django_capture_on_commit_callbacks(execute=True):
            message = ContentChatModel.objects.create(chat=chat, content="Test message", sender="user")
            process.delay.assert_not_called()
        process.delay.assert_called_once_with(message.pk)


def test_only_a_persons_message_rings(
    tenant: TenantModel, chat: ChatModel, django_capture_on_commit_callbacks: Any
) -> None:
    with patch("chats.signals.content_chat_emit.process_new_message") as process, in_tenant(tenant):
        with django_capture_on_commit_callbacks(execute=True):
            post_message(chat_id=chat.chat_id, content="x", sender="agent")
            post_message(chat_id=chat.chat_id, content="x", sender="staff")
        process.delay.assert_not_called()


def test_a_broker_that_is_away_is_not_the_senders_trouble(
    tenant: TenantModel, chat: ChatModel, django_capture_on_commit_callbacks: Any
) -> None:
    with patch("chats.signals.content_chat_emit.process_new_message") as process, in_tenant(tenant):
        process.delay.side_effect = OperationalError("away")
        with django_capture_on_commit_callbacks(execute=True):
            assert post_message(chat_id=chat.chat_id, content="x").created


def test_receivers_of_a_message_run_no_sql(tenant: TenantModel, chat: ChatModel) -> None:
    with in_tenant(tenant):
        message = post_message(chat_id=chat.chat_id, content="x").message
        with CaptureQueriesContext(connection) as queries:
            from chats.signals.content_chat_emit import message_post_save_receiver

            message_post_save_receiver(ContentChatModel, message, created=True)
    assert list(queries) == []


def test_a_chat_without_an_agent_gets_the_default_one_with_its_settings(tenant: TenantModel) -> None:
    with in_tenant(tenant):
        agent = AgentModel.objects.get(is_default=True)
        agent.temperature = 0.3
        agent.save()
        chat = ChatModel.objects.create(user_id="u")
        chat.refresh_from_db()
        assert chat.agent == agent
    assert chat.settings["temperature"] == 0.3
    assert chat.settings["auto_response"] is True


def test_a_change_of_agent_brings_its_settings(tenant: TenantModel, chat: ChatModel) -> None:
    with in_tenant(tenant):
        other = AgentModel.objects.create(name="Other", temperature=1.5)
        chat = ChatModel.objects.get(pk=chat.pk)
        chat.agent = other
        chat.save()
        chat.refresh_from_db()
    assert chat.settings["temperature"] == 1.5


def test_a_new_chat_is_in_the_feed_and_in_the_audit_log(tenant: TenantModel, chat: ChatModel) -> None:
    with in_tenant(tenant):
        assert Event.objects.get(type="chat.created").object_id == str(chat.chat_id)
        entry = AuditLog.objects.get(action="chat_created")
    assert (entry.object_id, entry.details) == (str(chat.chat_id), {"agent": "Aurora"})


def test_muted_chats_are_neither_set_up_nor_told_of(tenant: TenantModel) -> None:
    with in_tenant(tenant), muted_signals():
        ChatModel.objects.create(user_id="u")
        assert Event.objects.count() == 0


@pytest.mark.parametrize(
    ("change", "signal", "event"),
    [
        (lifecycle.complete, conversation_completed, "chat.completed"),
        (lifecycle.archive, chat_archived, "chat.archived"),
    ],
)
def test_the_end_of_a_conversation_is_told_once(
    tenant: TenantModel, chat: ChatModel, django_capture_on_commit_callbacks: Any, change: Any, signal: Any, event: str
) -> None:
    told = []

    def listen(**message: Any) -> None:
        told.append(message["chat"].pk)

    signal.connect(listen)
    with in_tenant(tenant), django_capture_on_commit_callbacks(execute=True):
        change(chat_id=chat.chat_id)
        change(chat_id=chat.chat_id)
        assert Event.objects.filter(type=event).count() == 1
    assert told == [chat.pk]


def test_an_escalation_is_told_with_its_reason(tenant: TenantModel, chat: ChatModel) -> None:
    told = []

    def listen(**message: Any) -> None:
        told.append(message["reason"])

    escalation_triggered.connect(listen)
    with in_tenant(tenant):
        lifecycle.escalate(chat_id=chat.chat_id, reason="requested")
    assert told == ["requested"]


def test_the_modules_keep_the_documents_names() -> None:
    for name in ("initialize_chat_settings", "notify_chat_created", "record_chat_metrics", "process_chat_update"):
        assert callable(getattr(chat_receivers, name))
