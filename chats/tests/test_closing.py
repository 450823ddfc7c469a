"""Conversations that end by themselves."""

from datetime import timedelta
from typing import Any
from unittest.mock import patch

import pytest
from django.utils import timezone

from chats.models import ChatModel, ChatStatus
from chats.services import lifecycle
from chats.services.closing import archive_completed, complete_silent
from chats.signals.content_chat_emit import is_conversation_complete
from chats.signals.definitions import chat_archived, conversation_completed
from tenants.models import TenantModel
from tenants.scope import in_tenant, tenant_scope
from tenants.services.config import forget_settings

pytestmark = pytest.mark.django_db(transaction=True)


def silent_for(tenant: TenantModel, chat: ChatModel, hours: int) -> None:
    """Let the chat's last message be so long ago."""
    with in_tenant(tenant):
        ChatModel.objects.filter(pk=chat.pk).update(last_activity=timezone.now() - timedelta(hours=hours))


def status_of(tenant: TenantModel, chat: ChatModel) -> str:
    """Return where the chat stands."""
    with in_tenant(tenant):
        return ChatModel.objects.get(pk=chat.pk).status


def test_a_chat_that_was_silent_for_a_day_is_completed_with_its_signal(tenant: TenantModel, chat: ChatModel) -> None:
    heard: list[Any] = []

    def hear(sender: Any, chat: ChatModel, final_message: Any, **kwargs: Any) -> None:
        heard.append((chat.chat_id, final_message))

    silent_for(tenant, chat, 25)
    conversation_completed.connect(hear)
    try:
        with tenant_scope(tenant):
            assert (complete_silent(), complete_silent()) == (1, 0)
    finally:
        conversation_completed.disconnect(hear)
    assert heard == [(chat.chat_id, None)]
    assert status_of(tenant, chat) == ChatStatus.COMPLETED


def test_a_chat_that_waits_for_a_person_is_not_closed_over_their_head(tenant: TenantModel, chat: ChatModel) -> None:
    with in_tenant(tenant):
        lifecycle.escalate(chat_id=chat.chat_id, reason="requested")
    silent_for(tenant, chat, 100)
    with tenant_scope(tenant):
        assert complete_silent() == 0
    assert status_of(tenant, chat) == ChatStatus.WAITING


def test_a_chat_of_today_and_a_neighbours_stay(
    tenant: TenantModel, neighbour: TenantModel, chat: ChatModel, their_chat: ChatModel
) -> None:
    silent_for(tenant, chat, 23)
    silent_for(neighbour, their_chat, 25)
    with tenant_scope(tenant):
        assert complete_silent() == 0
    assert status_of(neighbour, their_chat) == ChatStatus.ACTIVE


def test_a_completed_chat_is_archived_after_the_tenants_pause_with_its_signal(
    tenant: TenantModel, chat: ChatModel
) -> None:
    heard: list[Any] = []

    def hear(sender: Any, chat: ChatModel, archived_at: Any, **kwargs: Any) -> None:
        heard.append(archived_at)

    with in_tenant(tenant):
        lifecycle.complete(chat_id=chat.chat_id)
    in_eight_days = timezone.now() + timedelta(days=8)
    chat_archived.connect(hear)
    try:
        with tenant_scope(tenant):
            assert archive_completed() == 0
            with patch("chats.services.closing.timezone.now", return_value=in_eight_days):
                assert (archive_completed(), archive_completed()) == (1, 0)
    finally:
        chat_archived.disconnect(hear)
    assert len(heard) == 1
    assert status_of(tenant, chat) == ChatStatus.ARCHIVED


def test_without_a_pause_a_completed_chat_is_archived_at_once(tenant: TenantModel, chat: ChatModel) -> None:
    tenant.settings = {"archive_after_hours": 0}
    tenant.save()
    forget_settings()
    with in_tenant(tenant):
        lifecycle.complete(chat_id=chat.chat_id)
    with in_tenant(tenant):
        chat.refresh_from_db()
    assert (chat.status, chat.is_active) == ("archived", False)
    assert chat.archived_at is not None


def test_what_is_complete_is_what_was_marked_or_fell_silent(tenant: TenantModel, chat: ChatModel) -> None:
    with in_tenant(tenant):
        chat.refresh_from_db()
        assert not is_conversation_complete(chat)
        chat.last_activity = timezone.now() - timedelta(hours=25)
        assert is_conversation_complete(chat)
        chat.status = ChatStatus.WAITING
        assert not is_conversation_complete(chat)
        chat.status, chat.last_activity = ChatStatus.COMPLETED, timezone.now()
        assert is_conversation_complete(chat)
