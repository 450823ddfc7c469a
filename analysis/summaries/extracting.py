"""A summary without a model: the sentences that say most, in their order.

A sentence says much when its words come back in others of the conversation; what the person asked for at first, and
how the last answer went, count for more. A sentence that says what a chosen one says is left out.
"""

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from agents.services.small_talk import small_talk
from agents.services.words import FUNCTION_WORDS, POLITE_WORDS, sentences, words

MOST_SENTENCES: Final = 3
MOST_POINTS: Final = 5
FEWEST_WORDS: Final = 2
LONGEST_SENTENCE: Final = 240
ALIKE: Final = 0.5
FIRST_WISH, LAST_ANSWER, QUESTION = 1.6, 1.4, 1.2
EMPTY_WORDS: Final = FUNCTION_WORDS["es"] | FUNCTION_WORDS["en"] | POLITE_WORDS


@dataclass(frozen=True)
class Line:
    """What was said by whom; `by_person`: by the person, not by the agent or the staff."""

    text: str
    by_person: bool


@dataclass(frozen=True)
class Extract:
    """What is said first of a conversation, and its points in order."""

    sentences: tuple[Line, ...]
    points: tuple[str, ...]


@dataclass(frozen=True)
class _Sentence:
    place: int
    line: Line
    text: str
    words: frozenset[str]


def extract(lines: Sequence[Line]) -> Extract:
    """Return a conversation's extract; nothing of one in which nothing was said but courtesies."""
    found = _sentences(lines)
    if not found:
        return Extract((), ())
    weights = _weights(found)
    best = sorted(found, key=lambda sentence: (-weights[sentence.place], sentence.place))
    said = _different(best, MOST_SENTENCES)
    points = _different(best, MOST_POINTS)
    return Extract(
        tuple(Line(sentence.text, sentence.line.by_person) for sentence in said),
        tuple(sentence.text for sentence in points),
    )


def _sentences(lines: Sequence[Line]) -> list[_Sentence]:
    found: list[_Sentence] = []
    for line in lines:
        for text in sentences(line.text):
            content = frozenset(words(text)) - EMPTY_WORDS
            if len(content) >= FEWEST_WORDS and not small_talk(text):
                found.append(_Sentence(len(found), line, _shortened(text), content))
    return found


def _weights(found: Sequence[_Sentence]) -> dict[int, float]:
    uses = Counter(word for sentence in found for word in sentence.words)
    first = next((one.place for one in found if one.line.by_person), None)
    last = next((one.place for one in reversed(found) if not one.line.by_person), None)
    weights = {}
    for one in found:
        weight = sum(math.log1p(uses[word]) for word in one.words) / math.sqrt(len(one.words) + 3)
        weight *= FIRST_WISH if one.place == first else LAST_ANSWER if one.place == last else 1.0
        weights[one.place] = weight * (QUESTION if one.line.by_person and "?" in one.text else 1.0)
    return weights


def _different(best: Sequence[_Sentence], most: int) -> list[_Sentence]:
    """Return the best ones that do not say the same, in their order."""
    chosen: list[_Sentence] = []
    for one in best:
        if all(len(one.words & other.words) < ALIKE * len(one.words | other.words) for other in chosen):
            chosen.append(one)
        if len(chosen) == most:
            break
    return sorted(chosen, key=lambda sentence: sentence.place)


def _shortened(text: str) -> str:
    plain = " ".join(text.split())
    return plain if len(plain) <= LONGEST_SENTENCE else plain[: LONGEST_SENTENCE - 1].rstrip() + "…"
