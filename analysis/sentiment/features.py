"""What the trained analyzer sees of a text beside its words: what the word lists make of it, and how it is written."""

import math
import re
from collections.abc import Iterable
from typing import Final

from analysis.sentiment.lexical import SCALES
from analysis.sentiment.lexicon import signs
from analysis.sentiment.tokens import Token, repaired, tokens

ADDRESS: Final = re.compile(r"(?:https?://|www\.)\S+")
MENTION: Final = re.compile(r"[@＠]\w+")
SOFTNESS: Final = 10.0
SHARE_SOFTNESS: Final = 3.0
MANY_WORDS: Final = 40


def prepared(text: str) -> str:
    """Return the beginning of a text with every address and every name called the same."""
    return MENTION.sub("@user", ADDRESS.sub("http", repaired(text)))


def dense(text: str, language: str) -> list[float]:
    """Return the values of a text, each within -1 to 1, always as many; `language` is es or en."""
    scale = SCALES[language]
    weights = scale.weigh(text)
    clean, found = repaired(text), tokens(text)
    half = len(clean) // 2
    score = _squeezed(math.fsum(weights))
    sentiment = scale.sentiment(scale.score(text))
    return [
        score, max(score, 0.0), max(-score, 0.0), abs(score),
        float(sentiment == "positive"), float(sentiment == "negative"), float(not any(weights)),
        _share(weight for weight in weights if weight > 0), _share(-weight for weight in weights if weight < 0),
        _squeezed(math.fsum(scale.weigh(clean[:half]))), _squeezed(math.fsum(scale.weigh(clean[half:]))),
        *_manner(found), float(bool(ADDRESS.search(clean))),
    ]  # fmt: skip


def _squeezed(total: float) -> float:
    return total / math.sqrt(total * total + SOFTNESS)


def _share(weights: Iterable[float]) -> float:
    total = math.fsum(weights)
    return total / (total + SHARE_SOFTNESS)


def _manner(found: list[Token]) -> list[float]:
    marks = "".join(token.text for token in found if token.kind == "mark")
    drawn = [signs().get(token.text, 0.0) for token in found if token.kind in ("emoji", "emoticon")]
    words = [token for token in found if token.kind == "word"]
    return [
        _squeezed(math.fsum(drawn)), float(any(weight > 0 for weight in drawn)),
        float(any(weight < 0 for weight in drawn)), float("!" in marks), float("?" in marks),
        min(len(words), MANY_WORDS) / MANY_WORDS, float(any(word.is_shouted for word in words)),
        float(any(word.is_lengthened for word in words)),
    ]  # fmt: skip
