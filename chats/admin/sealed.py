"""Reading in the administration what is stored encrypted: it is told to the audit log."""

from collections.abc import Iterable

from django.http import HttpRequest

from chats.models import ChatModel, ContentChatModel
from tenants.admin_base import tell


def tell_reading(request: HttpRequest, chat: ChatModel, messages: Iterable[ContentChatModel]) -> None:
    """Tell that somebody is shown encrypted messages of a chat, by their numbers; nothing where none is encrypted."""
    read = [message.sequence for message in messages if message.is_encrypted]
    if read:
        tell(request, "encrypted_messages_read", chat, count=len(read), first=min(read), last=max(read))


def tell_reading_beside(request: HttpRequest, chat: ChatModel, kinds: Iterable[str]) -> None:
    """Tell that somebody is shown what is known of a chat and encrypted: its `summary`, its rating's `comment`."""
    for kind in filter(None, kinds):
        tell(request, f"encrypted_{kind}_read", chat)


def tell_reading_of_title(request: HttpRequest, chat: ChatModel) -> None:
    """Tell that somebody is shown a chat's encrypted title, which is the beginning of its first message."""
    if chat.title_is_encrypted:
        tell(request, "encrypted_title_read", chat)
