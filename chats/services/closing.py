"""Conversations that end by themselves: completed after a silence, archived after a while (domain.md; decision 22)."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import datetime, timedelta
from functools import partial
from typing import Final
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from chats.models import ChatModel, ChatStatus
from chats.services import lifecycle
from chats.services.errors import ChatNotFoundError
from tenants.scope import current_tenant_id
from tenants.services.config import setting

BATCH: Final = 200


def is_conversation_complete(chat: ChatModel) -> bool:
    """Tell whether a conversation is over: marked so, or silent for as long as the tenant says (24 hours)."""
    if chat.status == ChatStatus.COMPLETED:
        return True
    return chat.status == ChatStatus.ACTIVE and chat.last_activity < timezone.now() - _hours("complete_after_hours")


def complete_silent() -> int:
    """Complete the current tenant's silent chats, each in its own transaction; return how many.

    A chat that waits for a person is not closed over their head.
    """
    silent = ChatModel.objects.filter(
        status=ChatStatus.ACTIVE, last_activity__lt=timezone.now() - _hours("complete_after_hours")
    )
    return sum(1 for _chat in _each(silent.order_by("last_activity"), lifecycle.complete, is_conversation_complete))


def archive_completed() -> int:
    """Archive the current tenant's chats that were completed long enough ago; return how many."""
    since = timezone.now() - _hours("archive_after_hours")
    completed = ChatModel.objects.filter(status=ChatStatus.COMPLETED, updated_at__lt=since)
    return sum(1 for _chat in _each(completed.order_by("updated_at"), lifecycle.archive, _is_completed))


def _is_completed(chat: ChatModel) -> bool:
    return chat.status == ChatStatus.COMPLETED


def inactive(silence: timedelta) -> "QuerySet[ChatModel]":
    """Return the current tenant's chats in which nobody has written for so long, and whom nobody waits for."""
    return ChatModel.objects.filter(
        status__in=(ChatStatus.ACTIVE, ChatStatus.COMPLETED), last_activity__lt=timezone.now() - silence
    )


def archive_inactive(silence: timedelta) -> Iterator[ChatStatus]:
    """Complete what is still open of these, which has it summarised, then archive all; yield each step's new status.

    Each is a transaction of its own: what is stopped goes on when it is called again.
    """
    before = timezone.now() - silence
    steps = ((ChatStatus.ACTIVE, lifecycle.complete), (ChatStatus.COMPLETED, lifecycle.archive))
    for status, change in steps:
        chats = inactive(silence).filter(status=status).order_by("last_activity")
        for chat in _each(chats, change, partial(_is_silent, status=status, before=before)):
            yield ChatStatus(chat.status)


def _is_silent(chat: ChatModel, *, status: ChatStatus, before: datetime) -> bool:
    return chat.status == status and chat.last_activity < before


def archive_conversation(chat: ChatModel) -> None:
    """Close a completed conversation for good."""
    lifecycle.archive(chat_id=chat.chat_id)


def archives_at_once() -> bool:
    """Tell whether the tenant wants completed conversations archived without a pause."""
    return bool(setting(current_tenant_id(), "archive_after_hours") == 0)


def _hours(name: str) -> timedelta:
    return timedelta(hours=setting(current_tenant_id(), name))


def _each(
    chats: "QuerySet[ChatModel]", change: Callable[..., ChatModel], still_holds: Callable[[ChatModel], bool]
) -> Iterator[ChatModel]:
    """Change chat by chat and yield it, looking again under the row's lock: a message may have come meanwhile."""
    while True:
        with transaction.atomic():
            found = list(chats.values_list("chat_id", flat=True)[:BATCH])
        for chat_id in found:
            if changed := _change_if(chat_id, change, still_holds):
                yield changed
        if len(found) < BATCH:
            return


def _change_if(
    chat_id: UUID, change: Callable[..., ChatModel], still_holds: Callable[[ChatModel], bool]
) -> ChatModel | None:
    with suppress(ChatNotFoundError), transaction.atomic():  # deleted meanwhile
        if still_holds(lifecycle.locked_chat(chat_id)):
            return change(chat_id=chat_id)
    return None
