"""Which of a tenant's intents a message has, or none of them: learnt from examples, scored in well under 5 ms."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from typing import Final

import numpy as np

from analysis.intents.scores import Told
from analysis.linear import Features, LinearModel, ModelFormatError
from analysis.linear.blob import digest, pack, unpack
from analysis.linear.model import softmax
from analysis.linear.training import NONE, Examples, Recipe, best_temperature, fit, held_out
from analysis.linear.vocabulary import Floats, Ints

KIND: Final = "intents"
NAME: Final = "intents 1"
"""The version changes when what is seen of a text does."""
NO_INTENT: Final = "\x00none"
RECIPE: Final = Recipe(features=Features(pairs=6), naive=0.05, folds=4)
"""Chosen by holding out parts of banking77's and clinc150's training parts, see benchmarks/README.md."""
RIGHT_GIVEN_UP: Final = 0.003
"""The threshold lets go of so many of the right answers to be rid of the wrong ones."""
ABOVE_NOTHING: Final = 0.1
"""How far above that of a text without any known word the margin must be at the least."""
Watch = Callable[[Iterable[int]], Iterator[int]]
"""Wraps the steps of learning, to show progress."""


class NoExamplesError(ValueError):
    """There is no example of any intent to learn from."""


@dataclass(frozen=True)
class Guess:
    """An intent's name, or None for none of them, and how likely (0–1) that is right."""

    name: str | None
    confidence: float


@dataclass(frozen=True)
class IntentClassifier:
    """A linear model over the intents (and perhaps "none of them"), and the margin from which it is believed."""

    model: LinearModel
    threshold: float

    @property
    def intents(self) -> tuple[str, ...]:
        """Return the names that it can give."""
        return tuple(label for label in self.model.labels if label != NO_INTENT)

    @cached_property
    def _inside(self) -> Ints:
        return _inside(self.model.labels)

    def classify(self, text: str, *, least: float | None = None) -> Guess:
        """Return the text's intent, or none: below the threshold, or, given `least`, where less likely than that.

        A text of which no word or piece is known has none.
        """
        return self.guess(self.model.margins(text), least=least)

    def guess(self, margins: Floats, *, least: float | None = None) -> Guess:
        """Return what margins say, as `classify` does."""
        shares = softmax(margins, self.model.temperature)
        best = self._inside[np.argmax(margins[self._inside])]
        likely = float(shares[best])
        is_believed = float(surety(margins, self.model.labels)) > self.threshold if least is None else likely >= least
        return Guess(self.model.labels[best], likely) if is_believed else Guess(None, 1 - likely)

    @property
    def version(self) -> str:
        """Return what tells these weights from others."""
        return f"{NAME} {digest(self.to_bytes())}"

    def to_bytes(self) -> bytes:
        """Return the classifier as bytes that `from_bytes` reads and checks."""
        weights = np.frombuffer(self.model.to_bytes(), np.uint8)
        return pack(KIND, {"name": NAME, "threshold": self.threshold}, {"model": weights})

    @classmethod
    def from_bytes(cls, data: bytes) -> IntentClassifier:
        """Return the classifier that `to_bytes` wrote; ModelFormatError when it is damaged or something else."""
        header, arrays = unpack(KIND, data)
        if header.get("name") != NAME or "model" not in arrays:
            raise ModelFormatError(f"The model is “{header.get('name')}”; this program reads “{NAME}”. Train it anew.")
        return cls(LinearModel.from_bytes(arrays["model"].tobytes()), float(header["threshold"]))


@dataclass(frozen=True)
class Learnt:
    """A classifier, and how the examples it was learnt from were told while they were held out."""

    classifier: IntentClassifier
    told: list[Told]


def _inside(labels: Sequence[str]) -> Ints:
    return np.array([at for at, label in enumerate(labels) if label != NO_INTENT], np.int32)


def surety(margins: Floats, labels: Sequence[str]) -> Floats:
    """Return the best intent's margin, less that of "none of them" where this is a label; for one text or many."""
    inside = margins[..., _inside(labels)].max(axis=-1)
    if NO_INTENT in labels:
        return np.asarray(inside - margins[..., labels.index(NO_INTENT)], np.float32)
    return np.asarray(inside, np.float32)


def labelled(examples: Mapping[str, Sequence[str]], out_of_scope: Sequence[str]) -> tuple[list[str], list[str]]:
    """Return the texts and their labels, blank ones left out; NoExamplesError when no intent has an example."""
    pairs = [(text, name) for name in sorted(examples) for text in examples[name] if text.strip()]
    if not pairs:
        raise NoExamplesError("No intent has an example.")
    pairs += [(text, NO_INTENT) for text in out_of_scope if text.strip()]
    return [text for text, _label in pairs], [label for _text, label in pairs]


def train_intents(
    examples: Mapping[str, Sequence[str]], out_of_scope: Sequence[str] = (), *, recipe: Recipe = RECIPE
) -> IntentClassifier:
    """Return a classifier learnt from each intent's examples, and from texts that have none of the intents.

    The same examples give the same classifier, whatever their intents' order. From which margin an intent is believed,
    and how likely it then is, are found on examples that were held out. Raises NoExamplesError without any example.
    """
    return learn_intents(examples, out_of_scope, recipe=recipe).classifier


def learn_intents(
    examples: Mapping[str, Sequence[str]],
    out_of_scope: Sequence[str] = (),
    *,
    recipe: Recipe = RECIPE,
    least: float | None = None,
    watch: Watch = iter,
) -> Learnt:
    """Return what `train_intents` does, and how each example was told by weights that had not seen it.

    `least` as in `classify`. An intent's only example is not counted, and of very few examples none is.
    """
    texts, labels = labelled(examples, out_of_scope)
    ready = Examples.of(texts, labels, None, recipe)
    steps = iter(watch(range(recipe.folds + 1)))
    folds = islice(steps, recipe.folds)
    margins = held_out(ready, recipe, folds)
    deque(folds, maxlen=0)  # of very few examples none was held out
    for _last in steps:
        model = fit(ready, recipe, best_temperature(margins, ready.targets))
    classifier = IntentClassifier(model, _threshold(model, margins, ready.targets))
    counts = Counter(labels)
    told = [
        Told(
            None if label == NO_INTENT else label,
            classifier.guess(row, least=0).name,
            classifier.guess(row, least=least).name,
        )
        for row, label in zip(margins, labels, strict=len(margins) > 0)
        if counts[label] > 1
    ]
    return Learnt(classifier, told)


def _threshold(model: LinearModel, margins: Floats, targets: Ints) -> float:
    """Return the margin that all but a few thousandths of the rightly classified examples are above, none too low."""
    lowest = float(surety(model.margins(""), model.labels)) + ABOVE_NOTHING
    if not len(margins):
        return lowest
    inside = _inside(model.labels)
    best = inside[margins[:, inside].argmax(axis=1)]
    right = np.flatnonzero((best == targets) & (targets != NONE))
    if not len(right):
        return lowest
    return max(lowest, float(np.quantile(surety(margins[right], model.labels), RIGHT_GIVEN_UP)))
