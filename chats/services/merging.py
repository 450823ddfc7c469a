"""Making one conversation of several: every message stays, in the order of time, sealed for its new place."""

from collections.abc import Callable
from typing import Final

from django.db import transaction

from audit.services import AuditService
from chats.models import ChatModel, ChatStatus, ContentChatModel, MediaContentModel
from chats.services.integrity import answered_up_to, at_rest, settle
from chats.services.placing import place_in_order
from notifications.services.events import record_event
from tenants.encryption.errors import SealError
from tenants.registry import Registry
from tenants.scope import current_tenant_id

MergeStep = Callable[[ChatModel, list[ChatModel]], None]

# What other apps bring along from the conversations that go into another one, in the merge's transaction.
merge_steps: Registry[MergeStep] = Registry("step of merging conversations")
MOST_OPEN: Final = (ChatStatus.WAITING, ChatStatus.ACTIVE, ChatStatus.COMPLETED, ChatStatus.ARCHIVED)


def merge_chats(keys: list[int]) -> int | None:
    """Bring all messages of some conversations of one person into the oldest; return how many came.

    The others are hidden, empty, and removed by retention. None, with nothing changed, when something happens in one
    of them (a message within the last hour, work that waits) or a sealed message does not open.
    """
    try:
        with transaction.atomic():
            if len(at_rest(keys)) < len(set(keys)):
                return None
            chats = list(ChatModel.objects.filter(pk__in=keys).order_by("created_at", "pk"))
            return _merge(chats[0], chats[1:])
    except SealError:
        return None


def _merge(into: ChatModel, others: list[ChatModel]) -> int:
    chats = [into, *others]
    messages = list(ContentChatModel.objects.filter(chat__in=chats).order_by("timestamp", "pk"))
    came = sum(row.chat_id != into.pk for row in messages)
    answered = answered_up_to(messages, {chat.pk: chat.answered_sequence for chat in chats})
    place_in_order(into.pk, messages)
    MediaContentModel.objects.filter(chat__in=others).update(chat=into)
    for _name, step in merge_steps.items():
        step(into, others)
    settle(into.pk, len(messages), answered=answered)
    _go_on_as_one(into, others)
    for chat in others:
        settle(chat.pk, 0, answered=0)
    ChatModel.objects.filter(pk__in=[chat.pk for chat in others]).update(
        status=ChatStatus.DELETED, is_active=False, assigned_to=None
    )
    _tell(into, others)
    return came


def _go_on_as_one(into: ChatModel, others: list[ChatModel]) -> None:
    """Let the one be as open as the most open of all, with whoever had one of them."""
    chats = [into, *others]
    status = min((ChatStatus(chat.status) for chat in chats), key=MOST_OPEN.index)
    archived = [chat.archived_at for chat in chats if chat.archived_at]
    ChatModel.objects.filter(pk=into.pk).update(
        status=status,
        is_active=status.is_open,
        archived_at=max(archived) if archived and status == ChatStatus.ARCHIVED else None,
        last_activity=max(chat.last_activity for chat in chats),
        assigned_to=next((chat.assigned_to_id for chat in chats if chat.assigned_to_id and status.is_open), None),
        owner_version=max(chat.owner_version for chat in chats) + 1,
    )


def _tell(into: ChatModel, others: list[ChatModel]) -> None:
    record_event("chat.updated", object_type="chat", object_id=into.chat_id, data={"changed": ["messages"]})
    merged = [str(chat.chat_id) for chat in others]
    AuditService.log_event("chats_merged", None, current_tenant_id(), "chat", str(into.chat_id), {"merged": merged})
