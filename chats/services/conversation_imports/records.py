"""What a reader makes of another program's export: people, conversations and messages, one after another."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _

LONGEST: Final = 255
MOST_LABELS: Final = 50
LONGEST_LABEL: Final = 100


@dataclass(frozen=True)
class Person:
    """Who writes from outside."""

    channel: str
    external_id: str
    name: str = ""
    email: str = ""
    address: str = ""
    labels: tuple[str, ...] = ()


@dataclass(frozen=True)
class Conversation:
    """A conversation; its messages follow it. `key` names it in its source for good."""

    key: str
    person: Person | None
    title: str = ""
    channel: str = ""
    is_open: bool = False
    is_group: bool = False


@dataclass(frozen=True)
class Message:
    """A message of the conversation named by `conversation`; `key` names it in its source for good."""

    line: int
    conversation: str
    key: str
    sender: str
    content: str
    at: datetime
    author: str = ""


@dataclass(frozen=True)
class Problem:
    """Something that is not imported, at its line (0: of the file as a whole), and why."""

    line: int
    message: str


Item = Person | Conversation | Message | Problem
Items = Iterator[Item]


class UnusableError(ValueError):
    """What is wrong with a record, in words for the operator."""


@dataclass
class Fields:
    """A JSON object's fields, read with their types; UnusableError for one that is not what it should be."""

    told: dict[str, Any]

    def text(self, name: str, longest: int = LONGEST) -> str:
        """Return a text, or a number as one, cut to its longest; empty when there is none."""
        value = self.told.get(name)
        if value is None or isinstance(value, bool):
            return ""
        if not isinstance(value, str | int):
            raise UnusableError(_("%(name)s is no text.") % {"name": name})
        if isinstance(value, int) and abs(value) >= 1 << 64:
            raise UnusableError(_("%(name)s is no text.") % {"name": name})
        return clean(str(value))[:longest].strip()

    def object(self, name: str) -> "Fields":
        """Return an object inside; an empty one when there is none."""
        value = self.told.get(name)
        return Fields(value if isinstance(value, dict) else {})

    def objects(self, name: str) -> list["Fields"]:
        """Return the objects of a list inside; what is none in it is left out."""
        value = self.told.get(name)
        return [Fields(each) for each in value if isinstance(each, dict)] if isinstance(value, list) else []

    def labels(self, name: str) -> tuple[str, ...]:
        """Return a list of texts, each once, as many and as long as a contact may have."""
        value = self.told.get(name)
        texts = value if isinstance(value, list) else []
        cut = (clean(each)[:LONGEST_LABEL] for each in texts if isinstance(each, str))
        return tuple(dict.fromkeys(filter(None, cut)))[:MOST_LABELS]

    def time(self, name: str) -> datetime:
        """Return a time: ISO 8601, or seconds since 1970. UnusableError when there is none."""
        value = self.told.get(name)
        try:
            if isinstance(value, int | float) and not isinstance(value, bool):
                return datetime.fromtimestamp(value, tz=UTC)
            found = parse_datetime(value) if isinstance(value, str) else None
            if found is not None:
                return (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)
        except (ValueError, OverflowError, OSError):
            pass
        raise UnusableError(_("%(name)s is no time.") % {"name": name})


def clean(text: str) -> str:
    """Return a text without what the database cannot hold: NUL, and halves of signs."""
    if text.isascii() and "\x00" not in text:
        return text
    return text.replace("\x00", "").encode("utf-8", "replace").decode()


def pieces(text: str, longest: int) -> list[str]:
    """Return a text in parts that are no longer than a message may be, cut at a line or a space where there is one."""
    found = []
    while len(text) > longest:
        at = max(text.rfind("\n", longest // 2, longest), text.rfind(" ", longest // 2, longest))
        at = at if at > 0 else longest
        found.append(text[:at].rstrip())
        text = text[at:].lstrip()
    return [part for part in [*found, text] if part]
