"""Sends frames to every open socket of a chat, and word of chats to the staff's inbox, from any process."""

from uuid import UUID

from chats.events import Frame
from chats.models import ChatModel
from notifications.realtime import inbox_group, publish_frame


def chat_group(chat_id: UUID | str) -> str:
    """Return the name of the group that holds a chat's sockets (decision 33)."""
    return f"chat_{chat_id}"


def publish(chat_id: UUID | str, frame: Frame, *, sequence: int | None = None) -> None:
    """Send one frame to the chat's sockets; a stored message with its sequence."""
    publish_frame(chat_group(chat_id), frame, **({} if sequence is None else {"sequence": sequence}))


def publish_state(chat: ChatModel, frame: Frame) -> None:
    """Send a frame about a chat's state to its sockets and to the inbox of its tenant's staff."""
    publish(chat.chat_id, frame)
    publish_inbox(chat.tenant_id, frame)


def publish_inbox(tenant_id: UUID | str, frame: Frame) -> None:
    """Send one frame to the inbox of a tenant's staff."""
    publish_frame(inbox_group(tenant_id), frame)
