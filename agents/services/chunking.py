"""Cutting a document into passages that can be found and read on their own."""

from collections.abc import Iterator
from typing import Final

from agents.services.words import sentences

WHOLE_UP_TO: Final = 350
ABOUT: Final = 220


def chunk(content: str) -> list[str]:
    """Return a text's passages in order: whole up to WHOLE_UP_TO words, else sentences packed to ABOUT words.

    Nothing is lost and nothing stands in two passages. Text without a letter or digit gives no passage.
    """
    text = content.strip()
    if len(text.split()) <= WHOLE_UP_TO:
        return [text] if text else []
    return list(_packed(text))


def _packed(text: str) -> Iterator[str]:
    parts: list[str] = []
    count = 0
    for sentence in _pieces(text):
        length = len(sentence.split())
        if parts and count + length > ABOUT:
            yield "\n".join(parts)
            parts, count = [], 0
        parts.append(sentence)
        count += length
    if parts:
        yield "\n".join(parts)


def _pieces(text: str) -> Iterator[str]:
    """Sentences, and pieces of those that are longer than a passage (lists, logs, text without full stops)."""
    for sentence in sentences(text):
        tokens = sentence.split()
        if len(tokens) <= ABOUT:
            yield sentence
        else:
            yield from (" ".join(tokens[start : start + ABOUT]) for start in range(0, len(tokens), ABOUT))
