"""Linear support vector machines, one for each label, learnt together.

Dual coordinate descent for the squared hinge loss (Hsieh et al., "A Dual Coordinate Descent Method for Large-scale
Linear SVM", ICML 2008), the algorithm of LIBLINEAR's solver 1; all labels take a step at one text together, so that the
work is in arrays and needs no compiled code beyond numpy.
"""

from collections.abc import Sequence

import numpy as np

from analysis.linear.vocabulary import Floats, Ints, Row, combine

SETTLED = 0.02
SMALLEST_STEP = 1e-5


def solve(
    rows: Sequence[Row], targets: Ints, *, features: int, labels: int, costs: Floats, passes: int, seed: int
) -> Floats:
    """Return weights (features × labels) whose product with a row is above 0 for its own label, below for others.

    `targets` holds each row's label, -1 for none of them; `costs` how dear an error at each row is (C of the SVM).
    Ends after `passes`, or when no step of a pass was larger than a fiftieth.
    """
    weights = np.zeros((features, labels), np.float32)
    duals = np.zeros((len(rows), labels), np.float32)
    slack = (0.5 / costs).astype(np.float32)
    curvature = np.array([row.squared for row in rows], np.float32) + slack
    order, random = np.arange(len(rows)), np.random.default_rng(seed)
    signs = np.full(labels, -1, np.float32)
    for _pass in range(passes):
        random.shuffle(order)
        largest = 0.0
        for at in order.tolist():
            row, target = rows[at], targets[at]
            if target >= 0:
                signs[target] = 1
            slope = signs * combine(row.values, weights[row.numbers]) - 1 + slack[at] * duals[at]
            after = np.maximum(duals[at] - slope / curvature[at], 0)
            step = after - duals[at]
            duals[at] = after
            moved = np.flatnonzero(np.abs(step) > SMALLEST_STEP).astype(np.int32)
            if len(moved):
                largest = max(largest, float(np.abs(step).max()))
                _add(weights, row, moved, (signs * step)[moved], whole=len(moved) * 3 > labels)
            if target >= 0:
                signs[target] = -1
        if largest < SETTLED:
            break
    return weights


def _add(weights: Floats, row: Row, moved: Ints, step: Floats, *, whole: bool) -> None:
    if whole:
        full = np.zeros(weights.shape[1], np.float32)
        full[moved] = step
        weights[row.numbers] += np.outer(row.values, full)
    else:
        weights[row.numbers[:, None], moved] += np.outer(row.values, step)
