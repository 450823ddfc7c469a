"""What apps above put beside a conversation and its messages in the administration."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from chats.models import ChatModel, ContentChatModel
from tenants.registry import Registry


@dataclass(frozen=True)
class Note:
    """A word under a message: `kind` is its class (`ch-negative`), `link` leads to the page about it."""

    text: str
    kind: str
    link: str


@dataclass(frozen=True)
class Panel:
    """A card beside a conversation: what is known, by what it is called, and a text with points.

    `encrypted` names what of it is stored encrypted (`summary`): that somebody is shown it is told to the audit log.
    """

    title: str
    facts: Sequence[tuple[str, Any]] = ()
    text: str = ""
    points: Sequence[str] = ()
    encrypted: str = ""


# By message id; one query for all of a page's messages.
bubble_notes: Registry[Callable[[Sequence[ContentChatModel]], Mapping[int, Note]]] = Registry("note of messages")
chat_panels: Registry[Callable[[ChatModel], Panel | None]] = Registry("panel of a conversation")


def notes_of(messages: Sequence[ContentChatModel]) -> dict[int, list[Note]]:
    """Return the notes of messages by their ids."""
    found: dict[int, list[Note]] = {message.pk: [] for message in messages}
    for _name, look_up in bubble_notes.items():
        for message_id, note in look_up(messages).items():
            found[message_id].append(note)
    return found


def panels_of(chat: ChatModel) -> list[Panel]:
    """Return the panels that have something to say of a conversation."""
    return [panel for _name, make in chat_panels.items() if (panel := make(chat)) is not None]
