"""Reading an export back: JSON Lines or a JSON array of objects, plain or gzipped, an object at a time.

Memory holds one object and a piece of the file, however long it is. An object that is longer than the largest file
makes it, or that has more values in it than any of ours has, is read no further.
"""

import gzip
import io
import json
import re
import zlib
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Final

from django.conf import settings
from django.utils.translation import gettext as _

PIECE: Final = 262_144
TEXTS: Final = 16_000_000  # what an object may hold beside a file
# A long object is nearly all text. Without its texts it has commas, brackets and numbers, each of which may become an
# object of Python's, a hundred times as large.
LOOKED_AT_FROM: Final = 1_000_000
MOST_BESIDE_TEXTS: Final = 500_000
MOST_BLANKS: Final = 10_000
TEXT: Final = re.compile(r'"(?:[^"\\]++|\\.)*+(?:"|\\?\Z)', re.DOTALL)
BETWEEN: Final = re.compile(r"[\s,]*")
GZIP: Final = b"\x1f\x8b"


def _refuse_constant(name: str) -> Any:
    raise ValueError(name)  # NaN and Infinity are no JSON


DECODER: Final = json.JSONDecoder(parse_constant=_refuse_constant)


class NotAnExportError(Exception):
    """The file is none of ours, or it is cut off: nothing of it can be trusted."""


@dataclass(frozen=True)
class Line:
    """An object of the file, or what is wrong with it, and the line on which it begins."""

    number: int
    record: dict[str, Any] | None
    problem: str = ""


def longest() -> int:
    """Return how many characters an object may have: a file and its thumbnail are a third longer as Base64."""
    return TEXTS + 2 * int(settings.MEDIA_LIMITS["MAX_BYTES"])


def _is_a_bomb(text: str, begin: int) -> bool:
    if len(text) - begin < LOOKED_AT_FROM:
        return False
    return len(text) - begin - sum(found.end() - found.start() for found in TEXT.finditer(text, begin)) > (
        MOST_BESIDE_TEXTS
    )


def read(path: Path) -> Iterator[Line]:
    """Yield the objects of a file; NotAnExportError when it is neither format or not UTF-8."""
    try:
        with _opened(path) as file:
            is_array = _first_sign(file) == "["
            yield from _array(file) if is_array else _lines(file)
    except (UnicodeDecodeError, EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise NotAnExportError(_("It is damaged: %(error)s.") % {"error": error}) from error


@contextmanager
def _opened(path: Path) -> Iterator[IO[str]]:
    with ExitStack() as stack:
        file: Any = stack.enter_context(path.open("rb"))
        is_packed = file.read(len(GZIP)) == GZIP
        file.seek(0)
        if is_packed:
            file = stack.enter_context(gzip.GzipFile(fileobj=file))
        yield stack.enter_context(io.TextIOWrapper(file, encoding="utf-8-sig", newline="\n"))


def _first_sign(file: IO[str]) -> str:
    """Return the first sign that is no space, which is read."""
    for _blank in range(MOST_BLANKS):
        if not (sign := file.read(1)).isspace():
            return sign
    return ""


def _lines(file: IO[str]) -> Iterator[Line]:
    """Yield the objects of JSON Lines, whose first sign `{` was read."""
    rest = "{"
    number = blanks = 0
    while line := file.readline(longest()):
        number += 1
        if len(line) == longest() or _is_a_bomb(line, 0):
            raise NotAnExportError(_("Line %(number)d is too long.") % {"number": number})
        text, rest = (rest + line).strip(), ""
        blanks += not text
        if blanks > MOST_BLANKS:
            raise NotAnExportError(_("It is no export of Charla in JSON or JSON Lines."))
        if text:
            yield _line(number, text)


def _line(number: int, text: str) -> Line:
    try:
        return _checked(number, DECODER.decode(text))
    except (ValueError, RecursionError):
        return Line(number, None, _("It is not JSON."))


def _array(file: IO[str]) -> Iterator[Line]:
    """Yield the objects of an array, whose `[` was read."""
    buffer, place, number = file.read(PIECE), 0, 1
    while True:
        begin = BETWEEN.match(buffer, place).end()  # type: ignore[union-attr]
        number += buffer.count("\n", place, begin)
        if buffer.startswith("]", begin):
            return
        if begin - place > MOST_BLANKS:
            raise NotAnExportError(_("It is no export of Charla in JSON or JSON Lines."))
        if _is_a_bomb(buffer, begin):
            raise NotAnExportError(_("Line %(number)d is too long.") % {"number": number})
        try:
            value, place = DECODER.raw_decode(buffer, begin)
        except (ValueError, RecursionError):
            more = file.read(max(PIECE, len(buffer) - begin))
            if not more or len(buffer) - begin > longest():
                raise NotAnExportError(
                    _("From line %(number)d on it is not JSON, or it is cut off.") % {"number": number}
                ) from None
            buffer, place = buffer[begin:] + more, 0
            continue
        yield _checked(number, value)
        number += buffer.count("\n", begin, place)


def _checked(number: int, value: Any) -> Line:
    if not isinstance(value, dict) or not isinstance(value.get("kind"), str):
        return Line(number, None, _("It is no record: an object with a “kind”."))
    return Line(number, value)
