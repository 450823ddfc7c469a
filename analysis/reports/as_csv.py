"""A report as CSV: one figure a line, whatever the report, so that a spreadsheet can filter and pivot it."""

import csv
import io
from collections.abc import Iterator, Mapping
from typing import Any, Final

from analysis.reports.sections import Data

COLUMNS: Final = ("tenant", "from", "to", "part", "item", "figure", "value")
NAMES: Final = ("day", "agent", "tenant")
FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "|", "%")
Row = tuple[str, str, str, Any]


def csv_file(data: Data) -> bytes:
    """Return the figures as UTF-8 with a mark, by which spreadsheets know it; a text never runs as a formula."""
    written = io.StringIO()
    writer = csv.writer(written)
    writer.writerow(COLUMNS)
    for row in _rows(data):
        writer.writerow([_cell(value) for value in (data["tenant"] or "", data["first"], data["last"], *row)])
    return b"\xef\xbb\xbf" + written.getvalue().encode()


def _cell(value: Any) -> Any:
    """Return a value as a cell holds it: a text that a spreadsheet would compute gets an apostrophe before it."""
    return f"'{value}" if isinstance(value, str) and value.lstrip(" ").startswith(FORMULA) else value


def _rows(data: Data) -> Iterator[Row]:
    for part, figures in data["parts"].items():
        for name, value in figures.items():
            yield from _figures(part, name, value)


def _figures(part: str, name: str, value: Any) -> Iterator[Row]:
    if isinstance(value, Mapping):
        yield from ((part, "" if name == "totals" else name, key, inner) for key, inner in value.items())
    elif isinstance(value, list):
        for number, item in enumerate(value):
            yield from _item(part, name, number, item)
    else:
        yield part, "", name, value


def _item(part: str, name: str, number: int, item: Any) -> Iterator[Row]:
    """Yield a row of a list: an object by the name in it, a row of values by its first, a number by its place."""
    if isinstance(item, Mapping):
        key = next((str(item[one]) for one in NAMES if one in item), str(number))
        shown = f"{item['name']} ({key})" if item.get("name") else key
        yield from ((part, shown, inner, value) for inner, value in item.items() if inner not in {*NAMES, "name"})
    elif isinstance(item, list):
        for place, value in enumerate(item[1:]):
            yield part, f"{name} {item[0]}", ("replies", "tokens")[place] if name == "models" else "count", value
    else:
        yield part, f"{name} {number}", "count", item
