"""Reading a conversation a page at a time, by sequence: a long one costs no more than a short one."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from chats.models import ChatModel, ContentChatModel
from chats.services.media import with_media

PAGE: Final = 50


@dataclass(frozen=True)
class TranscriptPage:
    """Messages in their order, whether there are earlier ones, and when the one before them was written."""

    messages: list[ContentChatModel]
    has_earlier: bool
    previous_timestamp: datetime | None = None

    @property
    def first_sequence(self) -> int:
        """Return where an earlier page ends; 0 when this one is empty."""
        return self.messages[0].sequence if self.messages else 0

    @property
    def last_sequence(self) -> int:
        """Return where a later page begins; 0 when this one is empty."""
        return self.messages[-1].sequence if self.messages else 0


def read_before(chat: ChatModel, before: int | None = None, *, limit: int = PAGE) -> TranscriptPage:
    """Return the last messages of a chat, or the last ones before a sequence."""
    rows = chat.contents.select_related("author").order_by("-sequence")
    if before is not None:
        rows = rows.filter(sequence__lt=before)
    found = list(rows[: limit + 1])
    with_media(found)
    return TranscriptPage(found[:limit][::-1], has_earlier=len(found) > limit)


def read_after(chat: ChatModel, after: int, *, limit: int = PAGE) -> TranscriptPage:
    """Return the messages that came after a sequence."""
    rows = chat.contents.select_related("author").filter(sequence__gt=after).order_by("sequence")
    found = list(rows[:limit])
    if not found:
        return TranscriptPage([], has_earlier=after > 0)
    with_media(found)
    previous = chat.contents.filter(sequence__lt=found[0].sequence).order_by("-sequence")
    return TranscriptPage(found, after > 0, previous.values_list("timestamp", flat=True).first())
