"""The states of a conversation: one function for each way from one to another (decisions 6, 22).

Each runs in the caller's tenant, opens a transaction (or joins the caller's), takes the chat's row lock, and writes an
event; frames to sockets follow the commit. The signals are sent inside the transaction: what their receivers write
stands or falls with the change. Asking for the state that already holds changes nothing.
"""

from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from chats.events import chat_escalated
from chats.models import ChatModel, ChatStatus, Contact, ContentChatModel
from chats.realtime.publish import publish_state
from chats.services.errors import ChatClosedError, ChatNotFoundError
from chats.signals.definitions import chat_archived, conversation_completed, escalation_triggered
from notifications.services.events import record_event
from tenants.commits import call_after_commit
from tenants.models import User


def create_chat(
    *,
    user_id: str,
    channel: str = "web",
    contact: Contact | None = None,
    agent: Any = None,
    title: str = "",
    settings: dict[str, Any] | None = None,
) -> ChatModel:
    """Open a conversation; the contact is found or made by its id in the channel, the agent is the tenant's default.

    `settings` stand over those that every chat begins with.
    """
    with transaction.atomic():
        if contact is None:
            contact, _created = Contact.objects.get_or_create(channel=channel, external_id=user_id)
        return ChatModel.objects.create(
            user_id=user_id, channel=channel, contact=contact, agent=agent, title=title, settings=settings or {}
        )


def locked_chat(chat_id: UUID, *, contact_id: UUID | None = None) -> ChatModel:
    """Return the chat with its row locked; ChatNotFoundError for one that is deleted, a neighbour's or another's."""
    rows = ChatModel.objects.select_for_update(of=("self",)).select_related("agent", "tenant").filter(chat_id=chat_id)
    if contact_id is not None:
        rows = rows.filter(contact_id=contact_id)
    chat = rows.exclude(status=ChatStatus.DELETED).first()
    if chat is None:
        raise ChatNotFoundError
    return chat


def _change(chat: ChatModel, status: ChatStatus, **fields: Any) -> ChatModel:
    chat.status, chat.is_active = status, status.is_open
    for name, value in fields.items():
        setattr(chat, name, value)
    chat.save(update_fields=["status", "is_active", "updated_at", *fields])
    return chat


def escalate(
    *, chat_id: UUID, reason: str, message: ContentChatModel | None = None, contact_id: UUID | None = None
) -> ChatModel:
    """Hand the chat to the staff: it waits for a person, and no reply that was begun before is stored.

    `message` is the one that led to it, where one did. Who tells the person is in chats.services.handover.
    """
    with transaction.atomic():
        chat = locked_chat(chat_id, contact_id=contact_id)
        if chat.status == ChatStatus.ARCHIVED:
            raise ChatClosedError
        if chat.status == ChatStatus.WAITING or chat.assigned_to_id is not None:
            return chat
        _change(chat, ChatStatus.WAITING, owner_version=chat.owner_version + 1)
        record_event("chat.escalated", object_type="chat", object_id=chat.chat_id, data={"reason": reason})
        escalation_triggered.send(sender=ChatModel, chat=chat, message=message, reason=reason)
        call_after_commit(publish_state, chat, chat_escalated(chat, reason=reason))
        return chat


def assign(*, chat_id: UUID, user: User) -> ChatModel:
    """Give the chat to one of the staff, who answers from now on."""
    with transaction.atomic():
        chat = locked_chat(chat_id)
        if chat.status == ChatStatus.ARCHIVED:
            raise ChatClosedError
        return _change(chat, ChatStatus.WAITING, assigned_to=user, owner_version=chat.owner_version + 1)


def release(*, chat_id: UUID) -> ChatModel:
    """Give the chat back to its agent."""
    with transaction.atomic():
        chat = locked_chat(chat_id)
        if chat.status == ChatStatus.ARCHIVED:
            raise ChatClosedError
        return _change(chat, ChatStatus.ACTIVE, assigned_to=None, owner_version=chat.owner_version + 1)


def complete(*, chat_id: UUID) -> ChatModel:
    """Mark the conversation as done; the person's next message reopens it."""
    with transaction.atomic():
        chat = locked_chat(chat_id)
        if chat.status in (ChatStatus.COMPLETED, ChatStatus.ARCHIVED):
            return chat
        _change(chat, ChatStatus.COMPLETED, assigned_to=None, owner_version=chat.owner_version + 1)
        record_event("chat.completed", object_type="chat", object_id=chat.chat_id)
        conversation_completed.send(sender=ChatModel, chat=chat, final_message=chat.contents.last())
        return chat


def archive(*, chat_id: UUID) -> ChatModel:
    """Close the conversation for good: it takes no more messages until it is reopened by the staff."""
    with transaction.atomic():
        chat = locked_chat(chat_id)
        if chat.status == ChatStatus.ARCHIVED:
            return chat
        fields = {"archived_at": timezone.now(), "assigned_to": None, "owner_version": chat.owner_version + 1}
        _change(chat, ChatStatus.ARCHIVED, **fields)
        record_event("chat.archived", object_type="chat", object_id=chat.chat_id)
        chat_archived.send(sender=ChatModel, chat=chat, archived_at=chat.archived_at)
        return chat


def reopen(*, chat_id: UUID) -> ChatModel:
    """Take a completed or archived conversation up again, with its agent."""
    with transaction.atomic():
        chat = locked_chat(chat_id)
        if ChatStatus(chat.status).is_open:
            return chat
        return _change(chat, ChatStatus.ACTIVE, archived_at=None, owner_version=chat.owner_version + 1)


def delete(*, chat_id: UUID) -> None:
    """Hide the conversation; retention removes it for good (decision 22)."""
    with transaction.atomic():
        chat = locked_chat(chat_id)
        _change(chat, ChatStatus.DELETED, owner_version=chat.owner_version + 1)
