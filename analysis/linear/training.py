"""Training a linear classifier of texts: deterministic by its seed, calibrated on texts that it did not see."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from analysis.linear.model import LinearModel, softmax
from analysis.linear.solver import solve
from analysis.linear.terms import Features
from analysis.linear.vocabulary import Floats, Hashed, Ints, Row, Vocabulary, hashed

PASSES: Final = 12
FEWEST_TO_CALIBRATE: Final = 12
TEMPERATURE: Final = 0.5
TEMPERATURES: Final = np.geomspace(0.03, 3, 60)
NONE: Final = -1
SMOOTHING: Final = 0.01
Dense = Sequence[Sequence[float]]


@dataclass(frozen=True)
class Recipe:
    """How to train: the features, the cost of an error (C of the SVM), whether rare labels weigh as much as others.

    `naive` is the share of the logarithms of naive Bayes in the weights (0: none): they are linear too, so that the
    two together cost a scoring no more than one.
    """

    features: Features = field(default_factory=Features)
    cost: float = 1.0
    balanced: bool = False
    passes: int = PASSES
    folds: int = 3
    seed: int = 0
    naive: float = 0.0


@dataclass(frozen=True)
class Examples:
    """Texts made ready: their terms, dense values, and the number of each one's label (-1: none of them)."""

    labels: tuple[str, ...]
    texts: list[Hashed]
    targets: Ints
    dense: Dense

    @classmethod
    def of(cls, texts: Sequence[str], labels: Sequence[str | None], dense: Dense | None, recipe: Recipe) -> "Examples":
        """Return the examples; ValueError for no label at all or lists of different lengths."""
        names = tuple(sorted({label for label in labels if label is not None}))
        dense = dense if dense is not None else [()] * len(texts)
        if not names or len({len(texts), len(labels), len(dense)}) > 1 or len({len(values) for values in dense}) > 1:
            raise ValueError("Training needs texts with a label each, and as many dense values for each of them.")
        number = {name: at for at, name in enumerate(names)}
        targets = np.array([NONE if label is None else number[label] for label in labels], np.int32)
        return cls(names, [hashed(text, recipe.features) for text in texts], targets, dense)

    def part(self, chosen: Ints) -> "Examples":
        """Return some of the examples; the labels stay as they are."""
        picked = chosen.tolist()
        return Examples(
            self.labels, [self.texts[at] for at in picked], self.targets[chosen], [self.dense[at] for at in picked]
        )


def train(
    texts: Sequence[str],
    labels: Sequence[str | None],
    *,
    features: Features = Features(),  # noqa: B008 -- frozen
    dense: Dense | None = None,
    cost: float = 1.0,
    balanced: bool = False,
    passes: int = PASSES,
    folds: int = 3,
    seed: int = 0,
    naive: float = 0.0,
) -> LinearModel:
    """Return a classifier of texts into their labels; a label of None means "none of the others".

    `dense` gives values beside each text (keep them within -1 to 1), in the same order at scoring. `folds` below 2
    leaves out the calibration, which costs as much as training `folds` times.
    """
    recipe = Recipe(features, cost, balanced, passes, folds, seed, naive)
    examples = Examples.of(texts, labels, dense, recipe)
    temperature = best_temperature(held_out(examples, recipe), examples.targets)
    return fit(examples, recipe, temperature)


def fit(examples: Examples, recipe: Recipe, temperature: float = TEMPERATURE) -> LinearModel:
    """Return a model learnt from all examples."""
    vocabulary = Vocabulary.of(examples.texts, recipe.features)
    rows = [vocabulary.row(text, dense) for text, dense in zip(examples.texts, examples.dense, strict=True)]
    width = len(examples.dense[0])
    weights = solve(
        rows, examples.targets, features=len(vocabulary.hashes) + width + 1, labels=len(examples.labels),
        costs=_costs(examples, recipe), passes=recipe.passes, seed=recipe.seed,
    )  # fmt: skip
    if recipe.naive:
        weights[: len(vocabulary.hashes)] += recipe.naive * naive_weights(rows, examples, len(vocabulary.hashes))
    return LinearModel.of(examples.labels, vocabulary, weights, temperature=temperature, dense=width)


def naive_weights(rows: Sequence[Row], examples: Examples, terms: int) -> Floats:
    """Return how much likelier (log) than on average each term is under each label (terms × labels)."""
    sums = np.full((terms, len(examples.labels)), SMOOTHING, np.float32)
    for row, target in zip(rows, examples.targets.tolist(), strict=True):
        if target != NONE:
            own = row.numbers < terms
            sums[row.numbers[own], target] += row.values[own]
    likely = np.log(sums / sums.sum(axis=0))
    weights: Floats = likely - likely.mean(axis=1, keepdims=True)
    return weights


def _costs(examples: Examples, recipe: Recipe) -> Floats:
    costs = np.full(len(examples.targets), recipe.cost, np.float32)
    if recipe.balanced:
        counts = np.bincount(examples.targets + 1, minlength=len(examples.labels) + 1)
        costs *= len(costs) / (np.count_nonzero(counts) * counts[examples.targets + 1])
    return costs


def splits(targets: Ints, folds: int, seed: int) -> Ints:
    """Return each example's fold: every label is spread over the folds as evenly as it goes."""
    order = np.random.default_rng(seed).permutation(len(targets))
    ordered = order[np.argsort(targets[order], kind="stable")]
    assigned = np.empty(len(targets), np.int32)
    assigned[ordered] = np.arange(len(targets)) % folds
    return assigned


def held_out(examples: Examples, recipe: Recipe, steps: Iterable[int] | None = None) -> Floats:
    """Return each example's margins by a model that did not see it (examples × labels); empty when there are few.

    `steps` gives the folds' numbers one by one, for those who show progress.
    """
    if recipe.folds < 2 or len(examples.texts) < FEWEST_TO_CALIBRATE:
        return np.empty((0, len(examples.labels)), np.float32)
    margins = np.empty((len(examples.texts), len(examples.labels)), np.float32)
    assigned = splits(examples.targets, recipe.folds, recipe.seed)
    for fold in range(recipe.folds) if steps is None else steps:
        model = fit(examples.part(np.flatnonzero(assigned != fold).astype(np.int32)), recipe)
        for at in np.flatnonzero(assigned == fold).tolist():
            margins[at] = model.row_margins(model.vocabulary.row(examples.texts[at], examples.dense[at]))
    return margins


def best_temperature(margins: Floats, targets: Ints) -> float:
    """Return the temperature under which the right labels are likeliest."""
    labelled = np.flatnonzero(targets != NONE)
    if not len(margins) or not len(labelled) or margins.shape[1] < 2:
        return TEMPERATURE
    shown, right = margins[labelled], targets[labelled]

    def surprise(temperature: float) -> float:
        shares = softmax(shown, temperature)[np.arange(len(right)), right]
        return float(-np.log(np.maximum(shares, 1e-9)).mean())

    return float(min(TEMPERATURES, key=surprise))
