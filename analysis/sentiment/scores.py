"""How well an analyzer tells moods: the figures that are printed before what was trained is switched on."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from analysis.sentiment.mood import SENTIMENTS, Analyzer, Mood
from analysis.sentiment.trained import Labelled

BINS: Final = 10


@dataclass(frozen=True)
class Scores:
    """Shares, 0 to 1: of each sentiment the F1 and the recall, of all texts those that were read right."""

    f1: dict[str, float]
    recall: dict[str, float]
    accuracy: float
    calibration_error: float
    """How far confidence is from the share that is right, on average over ten bins of it."""
    texts: int

    @property
    def macro_f1(self) -> float:
        """Return the mean F1 of the three sentiments."""
        return sum(self.f1.values()) / len(self.f1)

    @property
    def macro_recall(self) -> float:
        """Return the mean recall of the three sentiments."""
        return sum(self.recall.values()) / len(self.recall)


def evaluate(analyzer: Analyzer, examples: Sequence[Labelled], language: str) -> Scores:
    """Return how well an analyzer reads labelled texts of one language."""
    return scored([analyzer.analyze(example.text, language) for example in examples], [row.label for row in examples])


def scored(moods: Sequence[Mood], labels: Sequence[str]) -> Scores:
    """Return how well moods fit what people found, one label for each."""
    pairs = [(mood.sentiment, label) for mood, label in zip(moods, labels, strict=True)]
    hits = [told == right for told, right in pairs]
    return Scores(
        f1={label: _f1(pairs, label) for label in SENTIMENTS},
        recall={label: _recall(pairs, label) for label in SENTIMENTS},
        accuracy=sum(hits) / max(len(hits), 1),
        calibration_error=_calibration_error([mood.confidence for mood in moods], hits),
        texts=len(labels),
    )


def _f1(pairs: Sequence[tuple[str, str]], label: str) -> float:
    right = sum(told == label == labelled for told, labelled in pairs)
    named = sum(label in pair for pair in pairs)
    return 2 * right / (named + right) if right else 0.0


def _recall(pairs: Sequence[tuple[str, str]], label: str) -> float:
    there = sum(labelled == label for _told, labelled in pairs)
    return sum(told == label == labelled for told, labelled in pairs) / there if there else 0.0


def _calibration_error(confidences: Sequence[float], hits: Sequence[bool]) -> float:
    sums = [0.0] * BINS
    for confidence, hit in zip(confidences, hits, strict=True):
        sums[min(int(confidence * BINS), BINS - 1)] += confidence - hit
    return sum(map(abs, sums)) / max(len(hits), 1)
