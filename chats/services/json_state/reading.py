"""Reading `threads-data.json` and `guest-memory.json`: entry by entry, so that a bad one stops no other."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from json import JSONDecodeError, JSONDecoder
from json.decoder import WHITESPACE  # type: ignore[attr-defined]
from pathlib import Path
from typing import Any, Final, NoReturn

from django.utils.translation import gettext as _

LARGEST_BYTES: Final = 64 << 20
THREADS: Final = "threads-data.json"
GUESTS: Final = "guest-memory.json"


class NotStateError(ValueError):
    """The file is no JSON object of entries; nothing of it was read."""


@dataclass(frozen=True)
class StateFile:
    """One source: what kind it is, its bytes and their SHA-256."""

    kind: str
    data: bytes

    @property
    def sha256(self) -> str:
        """Return the digest of the bytes, as `sha256sum` prints it."""
        return hashlib.sha256(self.data).hexdigest()


@dataclass(frozen=True)
class Entry:
    """A person's entry as the file has it; `line` counts from 1."""

    file: str
    line: int
    key: str
    value: Any


@dataclass(frozen=True)
class BadEntry:
    """An entry that is not migrated, and why."""

    file: str
    line: int
    key: str
    message: str


def read_file(kind: str, path: Path) -> StateFile:
    """Return a source's bytes; NotStateError when it cannot be read or is beyond the limit."""
    try:
        if path.stat().st_size > LARGEST_BYTES:
            raise NotStateError(_("%(path)s is larger than 64 MB.") % {"path": path})
        return StateFile(kind, path.read_bytes())
    except OSError as error:
        raise NotStateError(_("%(path)s cannot be read: %(error)s.") % {"path": path, "error": error}) from error


def entries_of(file: StateFile) -> Iterator[Entry | BadEntry]:
    """Yield the entries in order; where the text stops being JSON, a BadEntry says so and the rest is not read.

    A key that comes twice is a BadEntry too: of two entries for one person nobody knows which holds.
    """
    text = _text(file)
    walker = _Walker(file.kind, text)
    seen: set[str] = set()
    for found in walker.walk():
        if isinstance(found, Entry):
            if found.key in seen:
                message = _("There is an entry for this person above.")
                yield BadEntry(found.file, found.line, found.key, message)
                continue
            seen.add(found.key)
        yield found


def _text(file: StateFile) -> str:
    try:
        return file.data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = file.data.count(b"\n", 0, error.start) + 1
        raise NotStateError(_("%(file)s is not UTF-8: line %(line)d.") % {"file": file.kind, "line": line}) from error


def _refuse(name: str) -> NoReturn:
    raise ValueError(name)


class _Walker:
    """Goes through the members of one JSON object, and knows the line."""

    def __init__(self, kind: str, text: str) -> None:
        self.kind, self.text, self.at, self.line, self.counted = kind, text, 0, 1, 0
        self.decoder = JSONDecoder(parse_constant=_refuse)  # NaN is no JSON

    def walk(self) -> Iterator[Entry | BadEntry]:
        if self._sign() != "{":
            raise NotStateError(_("%(file)s is no JSON object of entries.") % {"file": self.kind})
        self.at += 1
        key = ""
        try:
            follows = self._after_member() if self._sign() == "}" else ","
            while follows == ",":
                self._sign()
                line, key = self._line(), self._key()
                yield Entry(self.kind, line, key, self._value())
                follows = self._after_member()
            if self._sign():
                raise ValueError("text after the end")
        except (ValueError, RecursionError) as error:
            self.at = max(self.at, error.pos if isinstance(error, JSONDecodeError) else 0)
            message = _("From here on the file is no JSON; nothing below was read.")
            yield BadEntry(self.kind, self._line(), key, message)

    def _after_member(self) -> str:
        sign = self._sign()
        if sign not in (",", "}"):
            raise ValueError("a comma is missing")
        self.at += 1
        return sign

    def _key(self) -> str:
        key = self._value()
        if not isinstance(key, str) or self._sign() != ":":
            raise ValueError("a key is missing")
        self.at += 1
        return key

    def _value(self) -> Any:
        self._sign()
        value, self.at = self.decoder.raw_decode(self.text, self.at)
        return value

    def _sign(self) -> str:
        """Step over white space; return the character there, empty at the end."""
        self.at = WHITESPACE.match(self.text, self.at).end()
        return self.text[self.at : self.at + 1]

    def _line(self) -> int:
        self.line += self.text.count("\n", self.counted, self.at)
        self.counted = self.at
        return self.line
