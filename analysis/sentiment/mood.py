"""What an analyzer finds in a text, and what an analyzer is."""

from dataclasses import dataclass
from typing import Final, Protocol

POSITIVE: Final = "positive"
NEUTRAL: Final = "neutral"
NEGATIVE: Final = "negative"
SENTIMENTS: Final = (NEGATIVE, NEUTRAL, POSITIVE)


@dataclass(frozen=True, slots=True)
class Mood:
    """The sentiment of one text.

    `score` runs from -1 (as bad as can be) to 1; `confidence`, 0 to 1, is how likely `sentiment` is right; `language`
    is the one that the text was read in; `analyzer` is the name and version of what said so (`lexical 1`).
    """

    sentiment: str
    score: float
    confidence: float
    language: str
    analyzer: str


class Analyzer(Protocol):
    """Reads the mood of texts, one after another, in any thread."""

    @property
    def name(self) -> str:
        """Its name and version, as they are stored beside what it found."""
        ...

    @property
    def is_fast(self) -> bool:
        """Whether a message takes it a few milliseconds at most, so that it may run on the way of a message."""
        ...

    def analyze(self, text: str, language: str) -> Mood:
        """Return the mood of a text of any length; `language` is es, en, or anything else when it is not known."""
        ...
