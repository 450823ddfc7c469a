"""What is kept of an endpoint's answer: a short excerpt that harms nobody who looks at it."""

import json
import unicodedata
from collections.abc import Iterator
from typing import Any, Final

EXCERPT_LENGTH: Final = 500
READ_BYTES: Final = 16 * 1024
SHORTEST_ECHO, LONG_ECHO = 4, 64
HIDDEN: Final = "[…]"


def excerpt(answer: bytes, *, sent: str) -> str:
    """Return at most 500 characters of an answer, without control characters and without what it repeats of `sent`.

    What people wrote must not come into a log by way of an endpoint that answers with what it was told (domain.md).
    """
    text = answer.decode("utf-8", errors="replace")
    for echo in sorted(set(_texts(json.loads(sent).get("data"))), key=len, reverse=True):
        for form in _forms(echo):
            text = _without(form, text)
    return "".join(_harmless(sign) for sign in text[:EXCERPT_LENGTH]).strip()


def _forms(text: str) -> Iterator[str]:
    """Yield a text as it stands in an answer: as it is, inside JSON, and inside JSON that is quoted in JSON."""
    yield text
    for inner in (json.dumps(text)[1:-1], json.dumps(text, ensure_ascii=False)[1:-1]):
        yield inner
        yield json.dumps(inner, ensure_ascii=False)[1:-1]


def _without(echo: str, text: str) -> str:
    """Hide an echo; of a long one, which may be cut off where reading ended, all from its beginning on."""
    if len(echo) <= LONG_ECHO:
        return text.replace(echo, HIDDEN)
    kept, found, _rest = text.partition(echo[:LONG_ECHO])
    return kept + HIDDEN if found else text


def _harmless(sign: str) -> str:
    if sign in "\r\n\t":
        return " "
    return "\ufffd" if unicodedata.category(sign)[0] == "C" else sign


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str) and len(value) >= SHORTEST_ECHO:
        yield value
    elif isinstance(value, dict):
        for inner in value.values():
            yield from _texts(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _texts(inner)
