"""What the two files say of each person, checked and put together."""

import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from typing import Any, Final
from zoneinfo import ZoneInfo

from django.utils.dateparse import parse_date, parse_datetime
from django.utils.translation import gettext as _

from chats.services.json_state.reading import GUESTS, BadEntry, Entry

LONGEST: Final = 255
LONGEST_LABEL: Final = 100
MOST_LABELS: Final = 50
DEEPEST: Final = 50
# What the files are known to hold; whatever else is in an entry is kept beside the preferences under this name.
BESIDE: Final = "json_state"
OF_A_THREAD: Final = frozenset({"threadId", "chatId", "userName", "lastActivity"})
OF_A_GUEST: Final = frozenset({"name", "labels", "lastInteraction", "lastVoiceInput", "preferences"})


class NotUsableError(ValueError):
    """What is wrong with a value, in words for the operator."""


@dataclass
class Person:
    """What is to be known of one person. None and empty: the files say nothing of it."""

    external_id: str
    file: str
    line: int
    name: str = ""
    chat_address: str = ""
    thread_id: str = ""
    labels: list[str] = field(default_factory=list)
    last_activity: datetime | None = None
    last_voice_input: datetime | None = None
    preferences: dict[str, Any] = field(default_factory=dict)

    def bad(self, message: str) -> BadEntry:
        """Return the report of this person's entry."""
        return BadEntry(self.file, self.line, self.external_id, message)


class People:
    """Collects entries; `bad` has those that cannot be used. Times without a zone are in the tenant's."""

    def __init__(self, zone: ZoneInfo) -> None:
        self.zone = zone
        self.by_id: dict[str, Person] = {}
        self.bad: list[BadEntry] = []
        self.read = 0
        self._threads: set[str] = set()

    def add_all(self, entries: Iterable[Entry | BadEntry]) -> None:
        """Take the entries of one file; those of the threads come before the guests'."""
        for entry in entries:
            self.read += 1
            if isinstance(entry, BadEntry):
                self.bad.append(entry)
                continue
            try:
                self._add(entry)
            except NotUsableError as error:
                self.bad.append(BadEntry(entry.file, entry.line, _shown(entry.key), str(error)))

    def _add(self, entry: Entry) -> None:
        key = _text("key", entry.key, LONGEST)
        if not key:
            raise NotUsableError(_("The key, a person's number, is empty."))
        if not isinstance(entry.value, dict):
            raise NotUsableError(_("The entry is no object."))
        _check(entry.value)
        found = self._guest(entry) if entry.file == GUESTS else self._thread(entry)
        known = self.by_id.get(key)
        self.by_id[key] = found if known is None else _together(known, found)

    def _thread(self, entry: Entry) -> Person:
        told: dict[str, Any] = entry.value
        person = Person(entry.key, entry.file, entry.line)
        person.thread_id = _text("threadId", told.get("threadId"), LONGEST)
        if not person.thread_id:
            raise NotUsableError(_("There is no threadId."))
        if person.thread_id in self._threads:
            raise NotUsableError(_("This threadId is another person's above."))
        person.chat_address = _text("chatId", told.get("chatId"), LONGEST)
        person.name = _text("userName", told.get("userName"), LONGEST)
        person.last_activity = self._time("lastActivity", told.get("lastActivity"))
        if rest := {name: value for name, value in told.items() if name not in OF_A_THREAD}:
            person.preferences = {BESIDE: {"thread": rest}}
        self._threads.add(person.thread_id)
        return person

    def _guest(self, entry: Entry) -> Person:
        told: dict[str, Any] = entry.value
        if "threadId" in told and not OF_A_GUEST & told.keys():
            raise NotUsableError(_("It is an entry of threads-data.json: give that file with --threads."))
        person = Person(entry.key, entry.file, entry.line)
        person.name = _text("name", told.get("name"), LONGEST)
        person.labels = _labels(told.get("labels"))
        person.last_activity = self._time("lastInteraction", told.get("lastInteraction"))
        person.last_voice_input = self._time("lastVoiceInput", told.get("lastVoiceInput"))
        preferences = told.get("preferences") or {}
        if not isinstance(preferences, dict) or BESIDE in preferences:
            raise NotUsableError(_("preferences is no object, or has a “%(name)s”.") % {"name": BESIDE})
        rest = {name: value for name, value in told.items() if name not in OF_A_GUEST}
        person.preferences = {**preferences, **({BESIDE: {"guest": rest}} if rest else {})}
        return person

    def _time(self, name: str, value: Any) -> datetime | None:
        """Return a time: a day or an ISO 8601 text, or milliseconds since 1970 as JavaScript counts."""
        if value is None or value == "":
            return None
        try:
            found = _moment(value)
        except (ValueError, OverflowError, OSError):
            found = None
        if found is None:
            raise NotUsableError(_("%(name)s is no time.") % {"name": name})
        try:
            return (found if found.tzinfo else found.replace(tzinfo=self.zone)).astimezone(UTC)
        except OverflowError as error:
            raise NotUsableError(_("%(name)s is no time.") % {"name": name}) from error


def _shown(key: str) -> str:
    """Return a key as it can be printed, whatever is in it."""
    return key[:LONGEST_LABEL].encode(errors="backslashreplace").decode().replace("\x00", "\\0")


def _moment(value: Any) -> datetime | None:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return datetime.fromtimestamp(value / 1000, tz=UTC)
    if not isinstance(value, str):
        return None
    day: date | None = parse_date(value)
    return datetime.combine(day, time()) if day else parse_datetime(value)


def _together(known: Person, guest: Person) -> Person:
    """Add what the guests' file says of a person; its name is the one that the staff keep, the other is kept beside."""
    beside = {**known.preferences.get(BESIDE, {}), **guest.preferences.get(BESIDE, {})}
    if guest.name and known.name and guest.name != known.name:
        beside["thread"] = {**beside.get("thread", {}), "userName": known.name}
    known.name = guest.name or known.name
    known.labels = guest.labels
    known.last_activity = max(filter(None, (known.last_activity, guest.last_activity)), default=None)
    known.last_voice_input = guest.last_voice_input
    known.preferences = {**guest.preferences, **({BESIDE: beside} if beside else {})}
    return known


def _text(name: str, value: Any, longest: int) -> str:
    if value is None:
        return ""
    if not isinstance(value, str):
        raise NotUsableError(_("%(name)s is no text.") % {"name": name})
    if len(value) > longest:
        raise NotUsableError(_("%(name)s is longer than %(longest)d signs.") % {"name": name, "longest": longest})
    _check(value)
    return value


def _labels(value: Any) -> list[str]:
    if value is None:
        return []
    if not isinstance(value, list) or len(value) > MOST_LABELS:
        raise NotUsableError(_("labels is no list of up to %(most)d texts.") % {"most": MOST_LABELS})
    return list(dict.fromkeys(filter(None, (_text("labels", label, LONGEST_LABEL) for label in value))))


def _check(value: Any, depth: int = 0) -> None:
    """Refuse what the database cannot hold: NUL, halves of signs, numbers without end, endless nesting."""
    if depth > DEEPEST:
        raise NotUsableError(_("It is nested too deeply."))
    if isinstance(value, str):
        if "\x00" in value or any("\ud800" <= sign <= "\udfff" for sign in value):
            raise NotUsableError(_("It holds signs that are none."))
    elif isinstance(value, float):
        if not math.isfinite(value):
            raise NotUsableError(_("It holds a number without end."))
    elif isinstance(value, list | dict):
        for inner in [*value, *value.values()] if isinstance(value, dict) else value:
            _check(inner, depth + 1)
