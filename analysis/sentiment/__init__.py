"""The mood of a message: analyzers by name, one answer (`Mood`) from all of them. Nothing here touches the database."""

from analysis.sentiment.mood import NEGATIVE, NEUTRAL, POSITIVE, SENTIMENTS, Analyzer, Mood
from analysis.sentiment.registry import ANALYZERS, make_analyzer
from analysis.sentiment.scores import Scores, evaluate, scored
from analysis.sentiment.trained import Labelled, TooFewExamplesError, train_sentiment

__all__ = [
    "ANALYZERS", "NEGATIVE", "NEUTRAL", "POSITIVE", "SENTIMENTS", "Analyzer", "Labelled", "Mood", "Scores",
    "TooFewExamplesError", "analyze", "evaluate", "make_analyzer", "scored", "train_sentiment",
]  # fmt: skip


def analyze(text: str, language: str) -> Mood:
    """Return a text's mood by the word lists: what there is without training, model or setting."""
    return make_analyzer("lexical").analyze(text, language)
