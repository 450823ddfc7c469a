"""What webhooks say of chats and messages: the payloads of api.md as of now, built when they are sent (decision 12)."""

from typing import Any
from uuid import UUID

from chats.events import chat_payload, message_payload
from chats.models import ChatModel, ChatStatus, ContentChatModel
from chats.services.message_details import details_of
from notifications.models import Event
from notifications.services.bodies import event_bodies


@event_bodies.register("chat")
def chat_body(event: Event) -> dict[str, Any] | None:
    """Return `{"chat"}` as REST gives it, None for a chat that was deleted; one query."""
    chats = ChatModel.objects.exclude(status=ChatStatus.DELETED).select_related("agent")
    chat = chats.filter(chat_id=UUID(event.object_id)).first()
    return {"chat": chat_payload(chat)} if chat else None


@event_bodies.register("message")
def message_body(event: Event) -> dict[str, Any] | None:
    """Return `{"message"}` as REST gives it to the staff, None for one that was deleted or whose chat was."""
    messages = ContentChatModel.objects.exclude(chat__status=ChatStatus.DELETED).select_related("chat", "author")
    message = messages.filter(pk=int(event.object_id)).first()
    if message is None:
        return None
    return {"message": message_payload(message) | details_of([message.pk])[message.pk]}
