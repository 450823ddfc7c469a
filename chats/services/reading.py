"""What the pipeline reads of each message: few rows by their keys, however long the conversation."""

from typing import Final

from chats.models import ContentChatModel
from tenants.db.kept import Given, KeptQuery

HISTORY: Final = 20

_message: KeptQuery[ContentChatModel] = KeptQuery(
    lambda: ContentChatModel.objects.select_related("chat__agent", "chat__tenant").filter(pk=Given("pk"))
)
_latest: KeptQuery[ContentChatModel] = KeptQuery(
    lambda: ContentChatModel.objects.filter(chat_id=Given("chat")).order_by("-sequence")[:HISTORY]
)


def message_with_chat(message_id: int) -> ContentChatModel | None:
    """Return a message with its chat, agent and tenant, or None."""
    return _message.first(pk=message_id)


def latest_messages(chat_pk: int) -> list[ContentChatModel]:
    """Return a chat's latest twenty messages, last first."""
    return _latest.rows(chat=chat_pk)
