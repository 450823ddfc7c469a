"""The analyzer that is always there: word lists and rules, Spanish of our own, English on VADER's list."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from analysis.sentiment import english, spanish
from analysis.sentiment.mood import NEGATIVE, NEUTRAL, POSITIVE, Mood

NAME: Final = "lexical 1"


@dataclass(frozen=True)
class Scale:
    """How a language's weights become a score, and where its moods begin.

    The numbers were chosen on the training and validation parts of the measured sets (benchmarks/sentiment.py).
    """

    weigh: Callable[[str], list[float]]
    softness: float
    """The score is sum / sqrt(sum² + softness): the larger, the more it takes to be sure."""
    negative_below: float
    positive_above: float

    def score(self, text: str) -> float:
        """Return -1 to 1."""
        total = math.fsum(self.weigh(text))
        return total / math.sqrt(total * total + self.softness)

    def sentiment(self, score: float) -> str:
        """Return the mood that a score stands for."""
        if score < self.negative_below:
            return NEGATIVE
        return POSITIVE if score > self.positive_above else NEUTRAL

    def confidence(self, score: float) -> float:
        """Return how likely the mood is right: about half at a boundary between two, more the farther from it."""
        distance = min(abs(score - self.negative_below), abs(score - self.positive_above))
        return min(LEAST_CONFIDENCE + CONFIDENCE_GAIN * distance, MOST_CONFIDENCE)


LEAST_CONFIDENCE, CONFIDENCE_GAIN, MOST_CONFIDENCE = 0.45, 0.6, 0.9
SCALES: Final = {
    "es": Scale(spanish.weigh, softness=10.0, negative_below=-0.16, positive_above=0.4),
    "en": Scale(english.weigh, softness=15.0, negative_below=-0.05, positive_above=0.44),
}


class LexicalAnalyzer:
    """Knows Spanish and English; a text of unknown language is read in the one that finds more in it."""

    is_fast = True

    def __init__(self, instead_of: str = "") -> None:
        """`instead_of`: what it stands in for, which its name then tells."""
        self.name = f"{NAME} ({instead_of})" if instead_of else NAME

    def analyze(self, text: str, language: str) -> Mood:
        """Return the mood of a text."""
        spoken = language if language in SCALES else self._louder(text)
        scale = SCALES[spoken]
        score = scale.score(text)
        known = spoken if language in SCALES or score else language
        return Mood(scale.sentiment(score), round(score, 4), round(scale.confidence(score), 4), known, self.name)

    def _louder(self, text: str) -> str:
        return max(SCALES, key=lambda language: abs(SCALES[language].score(text)))
