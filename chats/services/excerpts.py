"""The part of a message that has the words of a search, in pieces: what was asked for, and what stands between."""

import unicodedata
from dataclasses import dataclass
from typing import Final

from chats.services.search_terms import Question
from tenants.folding import Span, spans

LENGTH: Final = 240
BEFORE: Final = 60
READ: Final = 10_000
GAP: Final = "…"


@dataclass(frozen=True)
class Piece:
    """A piece of an excerpt; `is_match` when it is a word that was searched for."""

    text: str
    is_match: bool


def excerpt(text: str, question: Question) -> list[Piece]:
    """Return at most about 240 characters around the first word that was asked for; `…` where text is left out."""
    text = unicodedata.normalize("NFC", text[:READ])
    wanted = set(question.words)
    matches = [span for span in spans(question.language, text) if wanted.intersection(span.lexemes)]
    start = _word_start(text, matches[0].start - BEFORE) if matches else 0
    end = min(len(text), start + LENGTH)
    if end < len(text):
        end = max(text.rfind(" ", start + LENGTH // 2, end), matches[0].end if matches else 0, start + LENGTH // 2)
    return _pieces(text, [span for span in matches if span.end <= end], start, end)


def _word_start(text: str, place: int) -> int:
    return text.find(" ", place) + 1 if place > 0 and " " in text[place : place + BEFORE] else max(place, 0)


def _pieces(text: str, matches: list[Span], start: int, end: int) -> list[Piece]:
    pieces, at = [Piece(GAP, is_match=False)] if start else [], start
    for span in matches:
        pieces += [Piece(text[at : span.start], is_match=False), Piece(text[span.start : span.end], is_match=True)]
        at = span.end
    pieces.append(Piece(text[at:end] + (GAP if end < len(text) else ""), is_match=False))
    return [piece for piece in pieces if piece.text]
