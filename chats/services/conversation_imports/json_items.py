"""Reading JSON of any size, object by object: JSON Lines, a list, or one page of an API; each with its line."""

from collections.abc import Iterator
from json import JSONDecodeError, JSONDecoder
from typing import IO, Any, Final, NoReturn

from django.utils.translation import gettext as _

from chats.services.conversation_imports.records import Problem

# What one object may be: decoded it is a hundred times as much at worst.
LARGEST_OBJECT: Final = 2 << 20
BLOCK: Final = 1 << 16
WHITE: Final = " \t\r\n"


def _refuse(name: str) -> NoReturn:
    raise ValueError(name)


DECODER: Final = JSONDecoder(parse_constant=_refuse)  # NaN is no JSON


def objects_of(stream: IO[str]) -> Iterator[tuple[int, Any] | Problem]:
    """Yield each value with the line that it begins on; a Problem for what is none. JSON that breaks off ends it."""
    line, start = 1, ""
    while not start and (text := stream.read(BLOCK)):
        start = text.lstrip(WHITE)
        line += text.count("\n", 0, len(text) - len(start))
    if start.startswith("["):
        yield from _Items(stream, start[1:], line).walk()
    elif start:
        yield from _lines(stream, start, line)
    else:
        yield Problem(0, _("There is nothing in it."))


def _lines(stream: IO[str], text: str, line: int) -> Iterator[tuple[int, Any] | Problem]:
    """Read JSON Lines; where the first line alone is no JSON, the file is one object over many lines."""
    first, newline, _rest = text.partition("\n")
    if _decoded(first) is None and newline:
        whole = text + stream.read(LARGEST_OBJECT - len(text) + 1) if len(text) <= LARGEST_OBJECT else text
        if len(whole) <= LARGEST_OBJECT and (found := _decoded(whole)) is not None:
            yield line, found[0]
            return
        text = whole
    for number, one in enumerate(_split(stream, text), line):
        if not one.strip(WHITE):
            continue
        if len(one) > LARGEST_OBJECT:
            yield Problem(number, _("It is larger than 2 MB."))
        elif (decoded := _decoded(one)) is None:
            yield Problem(number, _("It is no JSON."))
        else:
            yield number, decoded[0]


def _split(stream: IO[str], text: str) -> Iterator[str]:
    """Yield lines; of one that is beyond the limit as much as shows that."""
    held = ""
    while text or (text := stream.read(BLOCK)):
        head, newline, text = text.partition("\n")
        if len(held) <= LARGEST_OBJECT:
            held += head
        if newline:
            yield held
            held = ""
    if held:
        yield held


def _decoded(text: str) -> tuple[Any] | None:
    try:
        value, end = DECODER.raw_decode(text.lstrip(WHITE))
    except (ValueError, RecursionError):
        return None
    return None if text.lstrip(WHITE)[end:].strip(WHITE) else (value,)


class _Items:
    """The items of a list, with no more than one and a block of text in memory."""

    def __init__(self, stream: IO[str], buffer: str, line: int) -> None:
        self.stream, self.buffer, self.line = stream, buffer, line

    def walk(self) -> Iterator[tuple[int, Any] | Problem]:
        follows = "," if self._sign() != "]" else "]"
        try:
            while follows == ",":
                self._sign()
                line = self.line
                yield line, self._item()
                follows = self._sign()
                if follows not in (",", "]"):
                    raise ValueError("a comma is missing")
                self.buffer = self.buffer[1:]
        except (ValueError, RecursionError):
            yield Problem(self.line, _("From here on it is no JSON; nothing below was read."))

    def _item(self) -> Any:
        size = BLOCK
        while True:
            try:
                item, end = DECODER.raw_decode(self.buffer)
            except JSONDecodeError:
                end = 0
            if end and (end < len(self.buffer) or isinstance(item, dict | list | str)):
                self._step(end)
                return item
            block = self.stream.read(size)
            if not block or len(self.buffer) > LARGEST_OBJECT:
                raise ValueError("it does not end")
            self.buffer, size = self.buffer + block, size * 2

    def _sign(self) -> str:
        """Step over white space; return the sign there, empty at the end."""
        while True:
            self._step(len(self.buffer) - len(self.buffer.lstrip(WHITE)))
            if self.buffer:
                return self.buffer[0]
            self.buffer = self.stream.read(BLOCK)
            if not self.buffer:
                return ""

    def _step(self, end: int) -> None:
        self.line += self.buffer.count("\n", 0, end)
        self.buffer = self.buffer[end:]
