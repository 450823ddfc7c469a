"""The analyzer that learns: a linear model over words, pieces of words and what the word lists say of a text."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from analysis.linear import LinearModel, ModelFormatError, digest, train
from analysis.sentiment.features import dense, prepared
from analysis.sentiment.lexical import SCALES, LexicalAnalyzer
from analysis.sentiment.mood import NEGATIVE, POSITIVE, SENTIMENTS, Mood

NAME: Final = "trained 1"
"""The version changes when what is seen of a text does: weights of another version are then refused."""
LANGUAGES: Final = tuple(SCALES)
COST: Final = 0.2
DENSE_SHARE: Final = 0.5
NAIVE: Final = 0.02
"""All three were chosen by five-fold cross-validation on training and validation parts, in English and Spanish."""
FEWEST: Final = 5
"""Fewer texts of a sentiment teach nothing about it."""


class TooFewExamplesError(ValueError):
    """There are not enough texts of each sentiment to learn from."""


@dataclass(frozen=True)
class Labelled:
    """A text and the sentiment that a person found in it."""

    text: str
    label: str


def train_sentiment(examples: Sequence[Labelled], language: str) -> bytes:
    """Return weights learnt from texts of one language, es or en; the same examples give the same bytes.

    Raises TooFewExamplesError below five texts of any sentiment, and ValueError for a label that is none.
    """
    counts = {label: sum(example.label == label for example in examples) for label in SENTIMENTS}
    if sum(counts.values()) != len(examples):
        raise ValueError(f"The sentiments are {', '.join(SENTIMENTS)}.")
    if min(counts.values()) < FEWEST:
        raise TooFewExamplesError(str(counts))
    model = train(
        [prepared(example.text) for example in examples],
        [example.label for example in examples],
        dense=[_beside(example.text, language) for example in examples],
        cost=COST,
        naive=NAIVE,
        balanced=True,
    )
    return model.to_bytes()


def _beside(text: str, language: str) -> list[float]:
    return [value * DENSE_SHARE for value in dense(text, language)]


class TrainedAnalyzer:
    """Reads each language by its own weights, and by the word lists where there are none."""

    name = NAME
    is_fast = True

    def __init__(self, weights: Mapping[str, bytes]) -> None:
        """Read the weights by language; ModelFormatError when they are damaged or were made for something else."""
        self.models = {language: _model(data) for language, data in weights.items() if language in LANGUAGES}
        self.names = {language: f"{NAME}, {digest(weights[language])[:8]}" for language in self.models}
        self.otherwise = LexicalAnalyzer()

    def analyze(self, text: str, language: str) -> Mood:
        """Return the mood of a text: its likeliest sentiment, and as score by how much good outweighs bad."""
        model = self.models.get(language)
        if model is None or not text.strip():
            return self.otherwise.analyze(text, language)
        shares = model.scores(prepared(text), _beside(text, language))
        sentiment = max(shares, key=lambda label: shares[label])
        score = shares[POSITIVE] - shares[NEGATIVE]
        return Mood(sentiment, round(score, 4), round(shares[sentiment], 4), language, self.names[language])


def _model(data: bytes) -> LinearModel:
    model = LinearModel.from_bytes(data)
    if set(model.labels) != set(SENTIMENTS) or model.dense != len(dense("", LANGUAGES[0])):
        raise ModelFormatError("These weights were not learnt for sentiment, or by another version.")
    return model
