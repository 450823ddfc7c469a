"""Reading a conversation a page at a time, by sequence: a long one costs no more than a short one."""

from dataclasses import dataclass
from typing import Final

from chats.models import ChatModel, ContentChatModel

PAGE: Final = 50


@dataclass(frozen=True)
class TranscriptPage:
    """Messages in their order, and whether there are earlier ones."""

    messages: list[ContentChatModel]
    has_earlier: bool

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
    return TranscriptPage(found[:limit][::-1], has_earlier=len(found) > limit)


def read_after(chat: ChatModel, after: int, *, limit: int = PAGE) -> TranscriptPage:
    """Return the messages that came after a sequence."""
    rows = chat.contents.select_related("author").filter(sequence__gt=after).order_by("sequence")
    return TranscriptPage(list(rows[:limit]), has_earlier=after > 0)
