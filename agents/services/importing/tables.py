"""Reading CSV and TSV as people's spreadsheets write them."""

import csv
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Final

from django.utils.translation import gettext as _

from agents.services.importing.columns import recognise
from agents.services.importing.records import Problem, Record, Severity, UnreadableFileError
from agents.services.importing.sources import Source

if TYPE_CHECKING:
    import _csv

SEPARATORS: Final = ",;\t|"
LARGEST_CELL: Final = 1 << 20
MOST_COLUMNS: Final = 200
SAMPLE: Final = 1 << 15


def read_table(source: Source, mapping: Mapping[str, str]) -> Iterator[Record | Problem]:
    """Yield each row with the header's names; rows that are broken, too short or too long are problems."""
    csv.field_size_limit(LARGEST_CELL)
    with source.text() as stream:
        separator = _separator(stream.read(SAMPLE))
    with source.text() as stream:
        rows = _rows(csv.reader(stream, delimiter=separator, strict=True))
        first = next(rows, None)
        while first is not None and not isinstance(first[1], str) and not any(cell.strip() for cell in first[1]):
            first = next(rows, None)
        if first is None:
            return
        header, is_data = _header(first[1], mapping)
        if is_data:
            yield _record(first[0], header, first[1])
        if nameless := [number for number, name in enumerate(header, 1) if not name]:
            message = _("Columns without a name are left out: %(numbers)s.")
            numbers = ", ".join(map(str, nameless))
            yield Problem(first[0], "nameless_column", message % {"numbers": numbers}, Severity.WARNING)
        for line, cells in rows:
            yield _record(line, header, cells)


def _rows(reader: "_csv._reader") -> Iterator[tuple[int, list[str] | str]]:
    """Yield each row with the line that it begins at, or the reader's complaint; a complaint does not end the file."""
    while True:
        line = reader.line_num + 1
        try:
            yield line, next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield line, str(error)


def _separator(sample: str) -> str:
    """Return the separator that gives the same number of cells, more than one, in most of the first rows."""

    def evenness(separator: str) -> tuple[float, int]:
        rows = [row for _, row in _rows(csv.reader(sample.splitlines(keepends=True), delimiter=separator))][:50]
        widths = [len(row) for row in rows if isinstance(row, list) and row]
        width = widths[0] if widths else 1
        return (sum(w == width for w in widths) / len(widths) if width > 1 else 0.0, width)

    return max(SEPARATORS, key=evenness)


def _header(cells: list[str] | str, mapping: Mapping[str, str]) -> tuple[list[str], bool]:
    """Return the columns' names, and whether the first row is no header but an entry already."""
    if isinstance(cells, str):
        raise UnreadableFileError(_("The first row cannot be read: %(error)s.") % {"error": cells})
    names = [cell.strip().lstrip("\ufeff") for cell in cells]
    if recognise(names, mapping):
        return names, False
    if len(names) == 2 and ("?" in names[0] or len(names[1].split()) > 3):
        return ["question", "answer"], True
    message = _("No column for the answer among: %(names)s. Name it with --mapping content=…")
    raise UnreadableFileError(message % {"names": ", ".join(filter(None, names[:20])) or "–"})


def _record(line: int, header: list[str], cells: list[str] | str) -> Record | Problem:
    if isinstance(cells, str):
        return Problem(line, "broken_row", _("The row cannot be read: %(error)s.") % {"error": cells})
    filled = [number for number, cell in enumerate(cells) if cell.strip()]
    if not filled:
        return Problem(line, "empty_row", _("The row is empty."), Severity.WARNING)
    if filled[-1] >= len(header) or len(cells) > MOST_COLUMNS:
        message = _("The row has %(cells)s cells, the header %(columns)s.")
        return Problem(line, "too_many_cells", message % {"cells": len(cells), "columns": len(header)})
    return Record(line, {name: cell for name, cell in zip(header, cells, strict=False) if name})
