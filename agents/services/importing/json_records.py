"""Reading JSON and JSON Lines: whatever the nesting, the records in it are found."""

from collections.abc import Iterator, Mapping
from json import JSONDecodeError, JSONDecoder
from typing import IO, Any, Final

from django.utils.translation import gettext as _

from agents.services.importing.columns import normal, recognise
from agents.services.importing.records import Problem, Record, UnreadableFileError
from agents.services.importing.sources import Source

LARGEST_DOCUMENT: Final = 64 << 20
"""Of a JSON file that is not one list, in letters: it is held in memory as a whole."""
BLOCK: Final = 1 << 16
LARGEST_LINE: Final = 4 << 20
DEEPEST: Final = 40
NAMES: Final = ("name", "nombre", "title", "titulo", "label", "etiqueta")
WHITE: Final = " \t\n\r"


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")


DECODER: Final = JSONDecoder(parse_constant=_refuse_constant)


def read_json(source: Source, mapping: Mapping[str, str]) -> Iterator[Record | Problem]:
    """Yield the records of a JSON file; a list is read item by item, anything else as a whole."""
    counter = _Counter()
    with source.text() as stream:
        try:
            for value, about in _top_values(stream):
                yield from _walk(value, mapping, about, counter)
        except RecursionError as error:
            raise UnreadableFileError(_("It is nested too deeply.")) from error
        except ValueError as error:
            raise UnreadableFileError(_("It is not JSON: %(error)s.") % {"error": error}) from error


def read_json_lines(source: Source, mapping: Mapping[str, str]) -> Iterator[Record | Problem]:
    """Yield the record of each line; a line that is no JSON is a problem of its own."""
    with source.text() as stream:
        line = 0
        while text := stream.readline(LARGEST_LINE):
            line += 1
            if not text.strip():
                continue
            try:
                value = DECODER.decode(text)
            except (ValueError, RecursionError) as error:
                yield Problem(line, "not_json", _("The line is not JSON: %(error)s.") % {"error": error})
                continue
            found = list(_walk(value, mapping, (), _Counter()))
            if not found:
                yield Problem(line, "no_record", _("There is no text with an answer in it."))
            yield from (Record(line, item.fields, item.about) if isinstance(item, Record) else item for item in found)


class _Counter:
    """Numbers the records of a file."""

    def __init__(self) -> None:
        self.value = 0

    def next(self) -> int:
        self.value += 1
        return self.value


def _top_values(stream: IO[str]) -> Iterator[tuple[Any, tuple[str, ...]]]:
    """Yield the items of the list that the file is, or the one value that it is."""
    buffer = stream.read(BLOCK).removeprefix("\ufeff").lstrip(WHITE)
    if buffer.startswith("["):
        yield from ((item, ()) for item in _items(stream, buffer[1:]))
        return
    buffer += stream.read(LARGEST_DOCUMENT)
    if len(buffer) > LARGEST_DOCUMENT:
        raise UnreadableFileError(_("It is too large for one JSON object; write it as JSON Lines."))
    yield DECODER.decode(buffer), ()


def _items(stream: IO[str], buffer: str) -> Iterator[Any]:
    """Yield a list's items as they are complete, with no more than one and a block of text in memory."""
    wants_item, closed, first = True, False, True
    while True:
        buffer = buffer.lstrip(WHITE)
        if not buffer:
            block = stream.read(BLOCK)
            if not block:
                break
            buffer = block
            continue
        if closed:
            raise ValueError("text after the end of the list")
        if buffer[0] == "]" and (first or not wants_item):
            buffer, closed = buffer[1:], True
        elif wants_item:
            item, buffer = _item(stream, buffer)
            yield item
            wants_item = first = False
        elif buffer[0] == ",":
            buffer, wants_item = buffer[1:], True
        else:
            raise ValueError("a comma is missing between two items")
    if not closed:
        raise ValueError("the list does not end")


def _item(stream: IO[str], buffer: str) -> tuple[Any, str]:
    size = BLOCK
    while True:
        try:
            item, end = DECODER.raw_decode(buffer)
        except JSONDecodeError:
            block = stream.read(size)
            if not block or len(buffer) > LARGEST_DOCUMENT:
                raise
            buffer, size = buffer + block, size * 2
            continue
        if end < len(buffer) or isinstance(item, (dict, list, str)):
            return item, buffer[end:]
        block = stream.read(size)  # a number at the block's end may go on in the next
        if not block:
            return item, ""
        buffer += block


def _walk(value: Any, mapping: Mapping[str, str], about: tuple[str, ...], counter: _Counter) -> Iterator[Record]:
    if len(about) > DEEPEST:
        raise RecursionError
    if isinstance(value, list):
        if len(value) == 2 and all(isinstance(part, str) for part in value) and "?" in value[0]:
            yield Record(counter.next(), {"question": value[0], "answer": value[1]}, about)
            return
        for item in value:
            yield from _walk(item, mapping, about, counter)
    elif isinstance(value, dict):
        yield from _walk_object(value, mapping, about, counter)


def _walk_object(
    value: dict[str, Any], mapping: Mapping[str, str], about: tuple[str, ...], counter: _Counter
) -> Iterator[Record]:
    scalars = {key: item for key, item in value.items() if isinstance(item, str | int | float) and item != ""}
    nested = {key: item for key, item in value.items() if isinstance(item, dict | list) and not _plain_list(item)}
    lists = {key: ", ".join(map(str, item)) for key, item in value.items() if _plain_list(item) and item}
    ways = recognise(scalars, mapping)
    name = next((str(scalars[key]) for key in scalars if normal(key) in NAMES), "")
    if ways and (ways[0].title or not nested):
        yield Record(counter.next(), scalars | lists, about)
        name = ""
    elif scalars and not nested and name:
        yield Record(counter.next(), {"title": name, "content": _facts(scalars | lists, name)}, about)
    elif scalars and not nested and all(isinstance(item, str) for item in scalars.values()):
        for key, item in scalars.items():
            asks = " " in key.strip() or "?" in key
            named = {"title": key} if asks else {"key": key}
            yield Record(counter.next(), {**named, "content": item}, about)
    for inner in nested.values():
        yield from _walk(inner, mapping, (*about, name) if name else about, counter)


def _plain_list(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(item, str | int | float) for item in value)


def _facts(fields: Mapping[str, Any], name: str) -> str:
    """Return an object's fields as lines of text: `Horario: de 9 a 14`."""
    lines = (f"{normal(key).capitalize()}: {item}" for key, item in fields.items() if str(item) != name)
    return "\n".join(lines)
