"""JSON as the standard has it."""

import json
import re
from collections.abc import Mapping
from typing import IO, Any

from django.utils.translation import gettext as _
from rest_framework.exceptions import APIException, ParseError, ValidationError
from rest_framework.parsers import BaseParser

NUL = re.compile(r"(?<!\\)(?:\\\\)*\\u0000")
LARGEST_BODY = 1_000_000  # bytes; a message has 10,000 characters at most
DEEPEST = 100  # lists and objects inside each other: what Python writes out again is bounded by its stack


class TooLargeError(APIException):
    """413."""

    status_code = 413
    default_code = "too_large"

    def __init__(self) -> None:
        super().__init__(_("The body is larger than %(largest)s bytes.") % {"largest": LARGEST_BODY})


class StrictJSONParser(BaseParser):
    """UTF-8 JSON (RFC 8259); what is not answers 400 `not_json`, too much of it 413 `too_large`."""

    media_type = "application/json"
    refuses_half_characters = True

    def parse(
        self, stream: IO[Any], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> Any:
        """Return the parsed body."""
        body = stream.read(LARGEST_BODY + 1)
        if len(body) > LARGEST_BODY:
            raise TooLargeError
        try:
            parsed = json.loads(body.decode(), parse_constant=_refuse)
        except (ValueError, RecursionError) as error:
            raise ParseError(_("The body is not valid JSON in UTF-8.")) from error
        if body.count(b"[") + body.count(b"{") > DEEPEST and is_deeper_than(DEEPEST, parsed):
            raise ValidationError(_("The body has too many lists or objects inside each other."), code="invalid")
        if self.refuses_half_characters and b"\\u" in body and not can_be_stored(parsed):
            raise ValidationError(_("The body has NUL or half characters: they cannot be stored."), code="invalid")
        return parsed


class MessageJSONParser(StrictJSONParser):
    """For a view that checks its texts itself and says which one is wrong."""

    refuses_half_characters = False


def is_deeper_than(depth: int, parsed: Any) -> bool:
    """Tell whether more lists and objects than that stand inside each other."""
    level = [parsed]
    for _step in range(depth + 1):
        inner = (each.values() if isinstance(each, dict) else each for each in level if isinstance(each, dict | list))
        level = [value for values in inner for value in values]
    return bool(level)


def can_be_stored(parsed: Any) -> bool:
    """Tell whether PostgreSQL can hold every text inside: none has NUL or half of a surrogate pair."""
    written = json.dumps(parsed, ensure_ascii=False)
    try:
        written.encode()
    except UnicodeEncodeError:
        return False
    return not NUL.search(written)


def _refuse(constant: str) -> None:
    raise ValueError(constant)
