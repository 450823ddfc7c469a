"""The analyzers there are, by the names that the setting `sentiment_analyzer` takes."""

from collections.abc import Callable, Mapping
from typing import Final

from django.conf import settings

from analysis.sentiment.language_model import ModelAnalyzer
from analysis.sentiment.lexical import LexicalAnalyzer
from analysis.sentiment.mood import Analyzer
from analysis.sentiment.trained import TrainedAnalyzer
from analysis.sentiment.transformer import TransformersAnalyzer, missing
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
@ANALYZERS.register("trained")
def trained(weights: Weights) -> Analyzer:
    """What was trained, for the languages in which something was, else the word lists."""
    return TrainedAnalyzer(weights) if weights else LEXICAL


@ANALYZERS.register("model")
def model(weights: Weights) -> Analyzer:
    """The language model of the tenant's default agent."""
    return ModelAnalyzer(_ask)


def _ask(instructions: str, text: str, max_tokens: int) -> tuple[str, str]:
    from agents.services.completion import complete  # here: all else of this package works without Django's models

    done = complete(instructions=instructions, text=text, max_tokens=max_tokens)
    return done.text, done.model_used


@ANALYZERS.register("transformers")
def transformers(weights: Weights) -> Analyzer:
    """The neural model of the operator; the word lists, whose name tells it, where there is none (see checks.py)."""
    folder = settings.CHARLA_SENTIMENT_MODEL
    return LexicalAnalyzer(instead_of="no transformers model") if missing(folder) else TransformersAnalyzer(folder)


def make_analyzer(name: str = AUTOMATIC, weights: Weights | None = None) -> Analyzer:
    """Return the analyzer of a name; KeyError when there is none, ModelFormatError
    for weights that cannot be used. Keep it: reading weights takes a while."""
    return ANALYZERS[name](weights or {})
