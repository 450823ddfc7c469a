"""The formats of an export: each takes records as JSON text and writes them to a stream, and keeps none of them.

JSON and JSON Lines can be imported again. CSV and XML are for other programs: a cell that a spreadsheet would run as a
formula begins with an apostrophe (OWASP, "CSV Injection"), and characters that XML does not know become U+FFFD.
"""

import csv
import io
import json
import re
from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from typing import IO, Any, Final
from xml.sax.saxutils import escape, quoteattr

from tenants.portable.kinds import Kind
from tenants.portable.reading import ENCODE

RUNS_AS_FORMULA: Final = re.compile(r"^[\s'\"]*[=+\-@\t\r\uff1d\uff0b\uff0d\uff20]")
RETURN: Final = {"\r": "&#13;"}  # which a parser would take for a line feed
NO_XML: Final = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


class Format(ABC):
    """Writes one stream; `begin`, then records kind by kind, then `end`."""

    ending = ""
    holds_all_kinds = True
    holds_files = False

    def __init__(self, stream: IO[bytes]) -> None:
        self.stream = stream

    @abstractmethod
    def begin(self, header: dict[str, Any], kinds: Sequence[Kind]) -> None:
        """Write what comes first."""

    @abstractmethod
    def write(self, kind: Kind, texts: Sequence[str]) -> None:
        """Write some records of one kind."""

    @abstractmethod
    def end(self, trailer: dict[str, Any]) -> None:
        """Write what tells that nothing is missing."""


class JSONLines(Format):
    """One JSON object a line: the header, the records, and a trailer with their counts."""

    ending = "jsonl"
    holds_files = True

    def begin(self, header: dict[str, Any], kinds: Sequence[Kind]) -> None:
        """Write the header."""
        self._line(header)

    def write(self, kind: Kind, texts: Sequence[str]) -> None:
        """Write records as they are."""
        self.stream.write(("\n".join(texts) + "\n").encode())

    def end(self, trailer: dict[str, Any]) -> None:
        """Write the trailer."""
        self._line(trailer)

    def _line(self, record: dict[str, Any]) -> None:
        self.stream.write(f"{ENCODE(record)}\n".encode())


class JSONArray(Format):
    """One JSON array of the same objects, each on its own line."""

    ending = "json"
    holds_files = True

    def begin(self, header: dict[str, Any], kinds: Sequence[Kind]) -> None:
        """Open the array with the header."""
        self.stream.write(f"[\n{ENCODE(header)}".encode())

    def write(self, kind: Kind, texts: Sequence[str]) -> None:
        """Write records as they are."""
        self.stream.write("".join(f",\n{text}" for text in texts).encode())

    def end(self, trailer: dict[str, Any]) -> None:
        """Close the array behind the trailer."""
        self.stream.write(f",\n{ENCODE(trailer)}\n]\n".encode())


class CSVTable(Format):
    """A table of one kind of record, in UTF-8 with the mark by which spreadsheets know it."""

    ending = "csv"
    holds_all_kinds = False

    def begin(self, header: dict[str, Any], kinds: Sequence[Kind]) -> None:
        """Write the names of the columns."""
        (kind,) = kinds
        self.names = list(kind.fields)
        self.stream.write(b"\xef\xbb\xbf" + _lines([self.names]))

    def write(self, kind: Kind, texts: Sequence[str]) -> None:
        """Write a row a record."""
        records = map(json.loads, texts)
        self.stream.write(_lines([_cell(record[name]) for name in self.names] for record in records))

    def end(self, trailer: dict[str, Any]) -> None:
        """A table has no end of its own."""


class XML(Format):
    """`<export>` with a `<record kind="…">` each, in which every field is an element; without a value it has none."""

    ending = "xml"

    def begin(self, header: dict[str, Any], kinds: Sequence[Kind]) -> None:
        """Open the document; its attributes are the header."""
        told = "".join(f" {name}={quoteattr(_for_xml(value))}" for name, value in header.items() if name != "kind")
        self.stream.write(f'<?xml version="1.0" encoding="UTF-8"?>\n<export{told}>\n'.encode())

    def write(self, kind: Kind, texts: Sequence[str]) -> None:
        """Write an element a record."""
        self.stream.write("".join(map(_element, map(json.loads, texts))).encode())

    def end(self, trailer: dict[str, Any]) -> None:
        """Write the counts and close the document."""
        counts = "".join(f'<count kind="{name}">{count}</count>' for name, count in trailer["counts"].items())
        self.stream.write(f"<end>{counts}</end>\n</export>\n".encode())


FORMATS: Final[dict[str, type[Format]]] = {"json": JSONArray, "jsonl": JSONLines, "csv": CSVTable, "xml": XML}


def _lines(rows: Iterable[Sequence[str]]) -> bytes:
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    return text.getvalue().encode()


def _cell(value: Any) -> str:
    """Return a cell; a text that would run as a formula begins with an apostrophe. Numbers are numbers."""
    text = _plain(value)
    is_text = not isinstance(value, int | float)
    return f"'{text}" if is_text and RUNS_AS_FORMULA.match(text) else text


def _plain(value: Any) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else ENCODE(value)


def _element(record: dict[str, Any]) -> str:
    fields = "".join(_field(name, value) for name, value in record.items() if name != "kind" and value is not None)
    return f'<record kind="{record["kind"]}">{fields}</record>\n'


def _field(name: str, value: Any) -> str:
    mark = ' type="json"' if isinstance(value, list | dict) else ""
    return f"<{name}{mark}>{escape(_for_xml(value), RETURN)}</{name}>"


def _for_xml(value: Any) -> str:
    return NO_XML.sub("\ufffd", _plain(value))
