"""JSON as the standard has it."""

import json
from collections.abc import Mapping
from typing import IO, Any

from django.utils.translation import gettext as _
from rest_framework.exceptions import APIException, ParseError
from rest_framework.parsers import BaseParser

LARGEST_BODY = 1_000_000  # bytes; a message has 10,000 characters at most


class TooLargeError(APIException):
    """413."""

    status_code = 413
    default_code = "too_large"

    def __init__(self) -> None:
        super().__init__(_("The body is larger than %(largest)s bytes.") % {"largest": LARGEST_BODY})


class StrictJSONParser(BaseParser):
    """UTF-8 JSON (RFC 8259); what is not answers 400 `not_json`, too much of it 413 `too_large`."""

    media_type = "application/json"

    def parse(
        self, stream: IO[Any], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> Any:
        """Return the parsed body."""
        body = stream.read(LARGEST_BODY + 1)
        if len(body) > LARGEST_BODY:
            raise TooLargeError
        try:
            return json.loads(body.decode(), parse_constant=_refuse)
        except (ValueError, RecursionError) as error:
            raise ParseError(_("The body is not valid JSON in UTF-8.")) from error


def _refuse(constant: str) -> None:
    raise ValueError(constant)
