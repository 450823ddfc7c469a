"""The English lexical analyzer: VADER's list and rules, with words and phrases of support conversations beside them.

Source: C. J. Hutto and E. Gilbert, VADER, ICWSM 2014 (the package vaderSentiment, MIT).
"""

import math
import re
from functools import cache
from typing import Final

from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

from analysis.sentiment.lexicon import lexicon, signs
from analysis.sentiment.tokens import TOKEN, repaired

APOSTROPHES: Final = str.maketrans("’‘`", "'''")
ADDRESS: Final = re.compile(r"https?://\S+|www\.\S+|@\w+")
VADER_SOFTNESS: Final = 15.0
NEARLY_ONE: Final = 0.999


@cache
def _vader() -> tuple[SentimentIntensityAnalyzer, re.Pattern[str]]:
    """Return VADER with our words added, and the pattern of our phrases."""
    vader, own = SentimentIntensityAnalyzer(), lexicon("en")
    vader.lexicon.update(own.plain.words)
    phrases = {"_".join((first, *rest)): weight for first, group in own.phrases.items() for rest, weight in group}
    vader.lexicon.update(phrases)
    ordered = sorted(phrases, key=len, reverse=True)
    joined = "|".join(re.escape(phrase).replace("_", r"\s+") for phrase in ordered)
    return vader, re.compile(rf"(?<![\w']){'(?:' + joined + ')'}(?![\w'])", re.IGNORECASE)


def weigh(text: str) -> list[float]:
    """Return what an English text's words weigh together, on VADER's scale, and what each of its signs weighs."""
    vader, phrases = _vader()
    clean, found = _without_signs(ADDRESS.sub(" ", repaired(text).translate(APOSTROPHES)))
    joined = phrases.sub(lambda match: "_".join(match[0].lower().split()), clean)
    compound = min(max(vader.polarity_scores(joined)["compound"], -NEARLY_ONE), NEARLY_ONE)
    # VADER gives sum / sqrt(sum² + 15): turned round, so that the signs add to what the words say.
    return [compound * math.sqrt(VADER_SOFTNESS / (1 - compound * compound)), *found]


def _without_signs(text: str) -> tuple[str, list[float]]:
    """Take emoji and emoticons out: ours weigh the same in both languages, VADER would read their names."""
    found: list[float] = []

    def weighed(match: re.Match[str]) -> str:
        if match.lastgroup not in ("emoji", "emoticon"):
            return match[0]
        found.append(signs().get(match[0], 0.0))
        return " "

    return TOKEN.sub(weighed, text), found
