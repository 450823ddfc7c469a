"""From records to entries of knowledge: clean text, and each thing once."""

import hashlib
from collections.abc import Iterator, Mapping
from typing import Any, Final

from django.utils.translation import gettext as _

from agents.services.documents import Entry
from agents.services.importing.columns import Columns, recognise
from agents.services.importing.html_text import without_markup
from agents.services.importing.records import Problem, Record, Severity
from agents.services.words import words

LONGEST_TITLE: Final = 500
LONGEST_CONTENT: Final = 1_000_000
LONGEST_FACT: Final = 500
MOST_FACTS: Final = 30
LANGUAGES: Final = frozenset({"es", "en"})


class Entries:
    """Turns the records of one run into entries; remembers by small digests what came before."""

    def __init__(self, mapping: Mapping[str, str]) -> None:
        self.mapping = mapping
        self._seen: dict[bytes, int] = {}
        self._same: set[bytes] = set()

    def read(self, record: Record, source: str) -> Iterator[Entry | Problem]:
        """Yield the record's entries (one for each language that its fields name), or what is wrong with it."""
        ways = recognise(record.fields, self.mapping)
        if not ways:
            yield Problem(record.line, "missing_answer", _("There is no answer in it."))
        for way in ways:
            yield from self._entry(record, way, source)

    def _entry(self, record: Record, way: Columns, source: str) -> Iterator[Entry | Problem]:
        title = " ".join(_text(record.fields.get(way.title)).split())
        content = _text(record.fields.get(way.content))
        problem = _problem(record.line, way, title, content)
        if problem:
            yield problem
            if problem.severity is Severity.ERROR or not content:
                return
        title = title[:LONGEST_TITLE]
        said = str(record.fields.get(way.language) or "").strip().lower()[:2]
        language = way.spoken or (said if said in LANGUAGES else "")
        entry = Entry(
            title=_under(record.about, title),
            content=content,
            source=_text(record.fields.get(way.source))[:LONGEST_TITLE] or source,
            language=language or ("simple" if len(said) == 2 else ""),
            metadata=_facts(record, way),
        )
        yield from self._once(entry, record)

    def _once(self, entry: Entry, record: Record) -> Iterator[Entry | Problem]:
        """Leave out what came already; keep another answer to the same question beside the first one."""
        identity = " ".join(words(entry.title)) or " ".join(words(entry.content))
        if entry.language:
            identity = f"{identity} {entry.language}"
        fingerprint = _digest(f"{identity}\x1f{entry.content}")
        if fingerprint in self._same:
            yield Problem(record.line, "duplicate", _("It came before: left out."), Severity.WARNING)
            return
        self._same.add(fingerprint)
        known = _digest(identity)
        times = self._seen[known] = self._seen.get(known, 0) + 1
        if times > 1:
            message = _("The same question came before with another answer: both are kept.")
            yield Problem(record.line, "other_answer", message, Severity.WARNING)
            identity = f"{identity} #{times}"
        yield Entry(entry.title, entry.content, entry.source, entry.language, entry.metadata, identity)


def _problem(line: int, way: Columns, title: str, content: str) -> Problem | None:
    if not title and not content:
        return Problem(line, "empty_row", _("The row is empty."), Severity.WARNING)
    if way.title and not title:
        return Problem(line, "missing_question", _("The question is missing."))
    if not words(content):
        return Problem(line, "missing_answer", _("The answer is missing."))
    if "\ufffd" in title or "\ufffd" in content:
        return Problem(line, "bad_encoding", _("Letters are broken: the file's encoding is another one."))
    if "\x00" in title or "\x00" in content:
        return Problem(line, "nul", _("There is a NUL character in it."))
    if len(content) > LONGEST_CONTENT:
        return Problem(line, "too_long", _("The answer is longer than a million letters."))
    if len(title) > LONGEST_TITLE:
        message = _("The question is longer than %(limit)s letters: it is cut.") % {"limit": LONGEST_TITLE}
        return Problem(line, "long_question", message, Severity.WARNING)
    return None


def _text(value: Any) -> str:
    """Return a field as clean text; lone surrogates, which no encoding can write, become U+FFFD."""
    if value is None:
        return ""
    return without_markup(_whole(str(value)))


def _whole(text: str) -> str:
    return text.encode("utf-8", "surrogatepass").decode("utf-8", "replace")


def _name(text: str) -> str:
    """Return a name that the file gives to something as it can be stored."""
    return _whole(text).replace("\x00", "")


def _under(about: tuple[str, ...], title: str) -> str:
    """Return a title that tells what it is about: `Hotel Sol – Is there parking?`."""
    missing = [name for name in map(_name, about) if name and name.casefold() not in title.casefold()]
    return " – ".join([*missing, title] if title else missing)[:LONGEST_TITLE]


def _facts(record: Record, way: Columns) -> dict[str, str]:
    facts = {_name(name): _text(record.fields[name])[:LONGEST_FACT] for name in way.others[:MOST_FACTS]}
    return {name: fact.replace("\x00", "") for name, fact in facts.items() if fact}


def _digest(text: str) -> bytes:
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest()
