"""WhatsApp: a chat exported by the telephone, as `.txt` or in its ZIP.

Each telephone writes dates as its language does, and none says which way: the file is read twice, the first time to
find out by all its dates what order of day, month and year they can be, and who writes in it.
"""

import hashlib
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import IO, Final
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _

from chats.services.conversation_imports.files import LONGEST_PIECE, text_of
from chats.services.conversation_imports.records import Conversation, Items, Message, Person, Problem, clean

ORDERS: Final = ("dmy", "mdy", "ymd")
MARKS: Final = "\u200e\u200f\u202a\u202c\ufeff"
HEADER: Final = re.compile(
    rf"^[{MARKS}]*\[?(?P<a>\d{{1,4}})[./-](?P<b>\d{{1,2}})[./-](?P<c>\d{{1,4}}),?\s(?:klo\s)?"
    r"(?P<hour>\d{1,2})[:.](?P<minute>\d{2})(?:[:.](?P<second>\d{2}))?"
    r"(?:\s?(?P<half>[AaPp])\.?\s?[Mm]\.?)?(?:\]\s?|\s-\s|:\s)"
)
AUTHOR: Final = re.compile(r"^([^:\n]{1,100}):(?:\s|$)")
TELEPHONE: Final = re.compile(r"\+?[\d\s()\-]{7,30}")
CALLED_AFTER: Final = re.compile(
    r"^(?:WhatsApp Chat (?:with|-|mit) |Chat de WhatsApp con |Discussion WhatsApp avec )(?P<name>.+)$", re.IGNORECASE
)
LONGEST_TEXT: Final = 100_000
MOST_AUTHORS: Final = 1_100


class WhoseError(ValueError):
    """Nothing tells who of the writers is the tenant; `authors` are those there are."""

    def __init__(self, authors: Sequence[str]) -> None:
        super().__init__(_("Name with --own-name who of these is you: %(names)s.") % {"names": ", ".join(authors[:20])})


@dataclass
class _Survey:
    """What the first reading finds out."""

    authors: dict[str, None] = field(default_factory=dict)
    first: str = ""
    wrong: Counter[str] = field(default_factory=Counter)
    earliest: dict[str, date] = field(default_factory=dict)
    latest: dict[str, date] = field(default_factory=dict)
    halves: bool = False

    def add(self, header: "re.Match[str]", rest: str) -> None:
        self.first = self.first or header[0] + rest[:200]
        self.halves = self.halves or header["half"] is not None
        for order in ORDERS:
            try:
                day = _day(header, order)
            except ValueError:
                self.wrong[order] += 1_000
                continue
            self.wrong[order] += int(day < self.latest.get(order, day))  # telephones write in order
            self.latest[order] = day
            self.earliest.setdefault(order, day)
        author, _text = _parted(rest)
        if author and len(self.authors) < MOST_AUTHORS:
            self.authors[author] = None

    @property
    def order(self) -> str:
        """Return the order that fits best.

        Where several do, it is the one by which the chat went on for fewer days: 5/12, 6/12, 7/12 are three days
        rather than three months. Where that too is the same, clocks of twelve hours are American.
        """
        usual = [order for order in (("mdy", "dmy", "ymd") if self.halves else ORDERS) if order in self.latest]
        return min(usual or ORDERS, key=lambda order: (self.wrong[order], self._days(order)))

    def _days(self, order: str) -> int:
        return abs((self.latest[order] - self.earliest[order]).days) if order in self.latest else 0


class WhatsAppReader:
    """One exported chat. `own_names` are the tenant's writers, `zone` is where the telephone was."""

    def __init__(self, path: Path, zone: ZoneInfo, own_names: Sequence[str] = (), order: str = "") -> None:
        self.path, self.zone, self.own_names, self.order = path, zone, own_names, order

    def items(self) -> Items:
        """Yield the people, the conversation, its messages; WhoseError when the tenant is not among the writers."""
        survey = _Survey()
        with text_of(self.path) as stream:
            for _line, text, header in _lines(stream):
                if header is not None:
                    survey.add(header, text[header.end() :])
        if not survey.first:
            yield Problem(0, _("It is no chat that WhatsApp exported."))
            return
        order = self.order or survey.order
        called = CALLED_AFTER.match(self.path.stem)
        own = self._own(list(survey.authors), called["name"].strip() if called else "")
        others = [name for name in survey.authors if name not in own]
        people = [Person("whatsapp", _id_of(name), name, address=name if TELEPHONE.fullmatch(name) else "")
                  for name in others]  # fmt: skip
        source = called["name"] if called else hashlib.sha256(survey.first.encode()).hexdigest()[:32]
        key = f"whatsapp:{clean(source)}"
        yield from people
        group = len(people) != 1
        yield Conversation(
            key, None if group else people[0], called["name"] if called else "", "whatsapp", is_group=group
        )
        with text_of(self.path) as stream:
            yield from self._messages(stream, key, own, order)

    def _own(self, authors: Sequence[str], called_after: str) -> set[str]:
        own = {name for name in authors if name in self.own_names}
        if not own and not self.own_names and called_after in authors and len(authors) == 2:
            own = set(authors) - {called_after}
        if not own and authors:
            raise WhoseError(authors)
        return own

    def _messages(self, stream: IO[str], key: str, own: set[str], order: str) -> Items:
        keys = _Keys(key)
        current: _Draft | None = None
        for line, text, header in _lines(stream):
            if header is None:
                if current is not None:
                    current.add(text)
                continue
            yield from self._finished(current, keys, own)
            try:
                at = _moment(header, order, self.zone)
            except (ValueError, OverflowError):
                current = None
                yield Problem(line, _("There is no such day or time."))
                continue
            current = _Draft(line, at, *_parted(text[header.end() :]))
        yield from self._finished(current, keys, own)

    def _finished(self, draft: "_Draft | None", keys: "_Keys", own: set[str]) -> Items:
        if draft is None:
            return
        text = clean("".join([draft.text, *draft.more])).strip().strip(MARKS).strip()
        if draft.length > LONGEST_TEXT:
            yield Problem(draft.line, _("It is longer than 100,000 signs; the rest was left out."))
        if text:
            sender = "system" if not draft.author else "staff" if draft.author in own else "user"
            name = keys.of(draft, text)
            yield Message(draft.line, keys.conversation, name, sender, text, draft.at, draft.author)


@dataclass
class _Draft:
    line: int
    at: datetime
    author: str
    text: str
    more: list[str] = field(default_factory=list)
    length: int = 0

    def add(self, text: str) -> None:
        self.length += len(text)
        if self.length <= LONGEST_TEXT:
            self.more.append(text)


class _Keys:
    """Names messages by what they are: the same chat exported again gives the same names, and what is new others."""

    def __init__(self, conversation: str) -> None:
        self.conversation = conversation
        self.at: datetime | None = None
        self.seen: Counter[bytes] = Counter()

    def of(self, draft: _Draft, text: str) -> str:
        if draft.at != self.at:
            self.at = draft.at
            self.seen.clear()
        told = f"{self.conversation}|{draft.at.isoformat()}|{draft.author}|{text}".encode()
        digest = hashlib.sha256(told).digest()
        self.seen[digest] += 1
        return f"whatsapp:{hashlib.sha256(digest + str(self.seen[digest]).encode()).hexdigest()[:40]}"


def _lines(stream: IO[str]) -> Iterator[tuple[int, str, "re.Match[str] | None"]]:
    """Yield pieces of lines with the line's number; of a line's first piece its header, where it has one."""
    number, begins = 0, True
    while text := stream.readline(LONGEST_PIECE):
        number += int(begins)
        yield number, text, HEADER.match(text) if begins else None
        begins = text.endswith("\n")


def _parted(rest: str) -> tuple[str, str]:
    """Return who wrote and what; what WhatsApp itself wrote has no author."""
    author = AUTHOR.match(rest)
    if author is None:
        return "", rest
    return clean(author[1]).strip().strip(MARKS + "~").strip(), rest[author.end() :]


def _day(header: "re.Match[str]", order: str) -> date:
    parts = dict(zip(order, (header["a"], header["b"], header["c"]), strict=True))
    if len(parts["y"]) not in (2, 4) or len(parts["d"]) > 2 or len(parts["m"]) > 2:
        raise ValueError(order)
    year = int(parts["y"])
    return date(year + 2000 if len(parts["y"]) == 2 else year, int(parts["m"]), int(parts["d"]))


def _moment(header: "re.Match[str]", order: str, zone: ZoneInfo) -> datetime:
    day, hour = _day(header, order), int(header["hour"])
    if half := (header["half"] or "").lower():
        if not 1 <= hour <= 12:
            raise ValueError(half)
        hour = hour % 12 + (12 if half == "p" else 0)
    local = datetime(day.year, day.month, day.day, hour, int(header["minute"]), int(header["second"] or 0), tzinfo=zone)
    return local.astimezone(UTC)


def _id_of(name: str) -> str:
    if TELEPHONE.fullmatch(name):
        return "".join(sign for sign in name if sign.isdigit())
    return f"whatsapp-export:{clean(name)}"[:255]
