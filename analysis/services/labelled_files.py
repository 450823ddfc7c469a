"""Files of labelled text, to learn from or to measure on: CSV with a header, JSON Lines or a JSON list; also gzipped.

Every bad line is told. A file with one is refused as a whole: what is learnt from is as good as it claims to be.
"""

import csv
import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from django.utils.translation import gettext as _

from agents.services.importing.records import Problem, UnreadableFileError
from agents.services.importing.sources import Source, describe

COLUMNS: Final = {
    "text": ("text", "texto", "message", "mensaje", "content", "contenido"),
    "label": ("label", "etiqueta", "sentiment", "sentimiento", "intent", "intención", "intencion"),
    "language": ("language", "idioma", "lang"),
}
SEPARATORS: Final = ",;\t"
LARGEST_CELL: Final = 1 << 20
Fields = dict[str, str]
ReadLabel = Callable[[str], str | None]
"""Returns a label as the program knows it; None for one that it does not know."""


@dataclass(frozen=True)
class LabelledText:
    """A text with its label; `language` is what the file says of it, if anything."""

    text: str
    label: str
    language: str = ""


class LabelledFileError(ValueError):
    """A file that cannot be learnt from; `problems` tells every bad line."""

    def __init__(self, name: str, problems: list[Problem]) -> None:
        super().__init__(name)
        self.name, self.problems = name, problems


def read_labelled(path: Path, read_label: ReadLabel) -> list[LabelledText]:
    """Return a file's texts in order; LabelledFileError when anything in it is wrong."""
    try:
        source = describe(path)
        readers = {"csv": _csv, "jsonl": _json_lines, "json": _json_list}
        if source.format not in readers:
            raise UnreadableFileError(_("Labelled text is read from CSV, JSON Lines and JSON."))
        found = [_checked(line, fields, read_label) for line, fields in readers[source.format](source)]
    except (UnreadableFileError, OSError) as error:
        raise LabelledFileError(path.name, [Problem(1, "unreadable", str(error))]) from error
    problems = [item for item in found if isinstance(item, Problem)]
    if problems or not found:
        empty = Problem(1, "empty", _("There is nothing in the file."))
        raise LabelledFileError(path.name, problems or [empty])
    return [item for item in found if isinstance(item, LabelledText)]


def _checked(line: int, fields: Fields | str, read_label: ReadLabel) -> LabelledText | Problem:
    if isinstance(fields, str):
        return Problem(line, "broken", fields)
    text, label = fields.get("text", "").strip(), fields.get("label", "").strip()
    if not text or not label:
        return Problem(line, "missing", _("The text is missing.") if not text else _("The label is missing."))
    if "\ufffd" in text:
        return Problem(line, "encoding", _("Letters are broken: the encoding is another one than the file's."))
    known = read_label(label)
    if known is None:
        return Problem(line, "label", _("“%(label)s” is no label.") % {"label": label[:40]})
    return LabelledText(text, known, fields.get("language", "").strip().lower()[:2])


def _csv(source: Source) -> Iterator[tuple[int, Fields | str]]:
    csv.field_size_limit(LARGEST_CELL)
    with source.text() as stream:
        first = stream.readline()
    separator = max(SEPARATORS, key=first.count)
    with source.text() as stream:
        reader = csv.reader(stream, delimiter=separator, strict=True)
        names = _columns(next(reader, []))
        while True:
            line = reader.line_num + 1
            try:
                cells = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                yield line, _("The row cannot be read: %(error)s.") % {"error": error}
                continue
            if any(cell.strip() for cell in cells):
                yield line, {name: cells[at] for name, at in names.items() if at < len(cells)}


def _columns(header: Iterable[str]) -> dict[str, int]:
    """Return where the columns stand; UnreadableFileError without one of text and one of labels."""
    cells = [cell.strip().strip("\ufeff").lower() for cell in header]
    found = {
        name: next(cells.index(spelling) for spelling in spellings if spelling in cells)
        for name, spellings in COLUMNS.items()
        if any(spelling in cells for spelling in spellings)
    }
    if missing := [name for name in ("text", "label") if name not in found]:
        message = _("The first row has to name the columns text and label; there is no %(missing)s among: %(names)s.")
        names = ", ".join(filter(None, cells[:10])) or "–"
        raise UnreadableFileError(message % {"missing": ", ".join(missing), "names": names[:200]})
    return found


def _json_lines(source: Source) -> Iterator[tuple[int, Fields | str]]:
    with source.text() as stream:
        for line, row in enumerate(stream, 1):
            if row.strip():
                try:
                    yield line, _fields(json.loads(row))
                except (ValueError, RecursionError) as error:
                    yield line, _("The row cannot be read: %(error)s.") % {"error": error}


def _json_list(source: Source) -> Iterator[tuple[int, Fields | str]]:
    """Yield the items of a list, numbered from 1."""
    with source.text() as stream:
        try:
            items = json.load(stream)
        except (ValueError, RecursionError) as error:
            raise UnreadableFileError(_("This is no JSON: %(error)s.") % {"error": error}) from error
    if not isinstance(items, list):
        raise UnreadableFileError(_("A list of objects with text and label was expected."))
    for number, item in enumerate(items, 1):
        yield number, _fields(item)


def _fields(item: Any) -> Fields | str:
    if not isinstance(item, dict):
        return _("An object with text and label was expected.")
    lowered = {str(key).strip().lower(): value for key, value in item.items()}
    return {
        name: str(lowered[spelling])
        for name, spellings in COLUMNS.items()
        for spelling in reversed(spellings)
        if isinstance(lowered.get(spelling), str | int)
    }
