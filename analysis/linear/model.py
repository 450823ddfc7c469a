"""A trained linear classifier of texts: weights of one byte, scored with numpy alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from analysis.linear.blob import ModelFormatError, pack, unpack
from analysis.linear.terms import Features
from analysis.linear.vocabulary import Floats, Row, Vocabulary, combine, hashed

KIND: Final = "linear"
FINEST: Final = 127


def softmax(margins: Floats, temperature: float) -> Floats:
    """Return probabilities from margins; a small temperature makes them bold, a large one careful."""
    powers = np.exp((margins - margins.max(axis=-1, keepdims=True)) / np.float32(temperature))
    shares: Floats = powers / powers.sum(axis=-1, keepdims=True)
    return shares


@dataclass(frozen=True)
class LinearModel:
    """Labels, the vocabulary, and for each feature a row of weights: one for each label, as a byte times a scale."""

    labels: tuple[str, ...]
    vocabulary: Vocabulary
    weights: npt.NDArray[np.int8]
    scales: Floats
    temperature: float
    dense: int = 0

    @classmethod
    def of(
        cls, labels: Sequence[str], vocabulary: Vocabulary, weights: Floats, *, temperature: float, dense: int
    ) -> LinearModel:
        """Make a model of weights (features × labels); each feature's are rounded to 1/127 of its largest."""
        largest = np.abs(weights).max(axis=1)
        scales = np.where(largest > 0, largest / FINEST, 1).astype(np.float32)
        rounded = np.rint(weights / scales[:, None]).astype(np.int8)
        return cls(tuple(labels), vocabulary, rounded, scales, temperature, dense)

    def margins(self, text: str, dense: Sequence[float] = ()) -> Floats:
        """Return how far the text is on each label's side; above 0: the label's. In the order of `labels`."""
        return self.row_margins(self.row(text, dense))

    def row(self, text: str, dense: Sequence[float] = ()) -> Row:
        """Return the text's features; ValueError unless `dense` has as many values as in training."""
        if len(dense) != self.dense:
            raise ValueError(f"The model was trained with {self.dense} values beside the text, not {len(dense)}.")
        return self.vocabulary.row(hashed(text, self.vocabulary.features), dense)

    def row_margins(self, row: Row) -> Floats:
        """Return the margins of a text whose features are known."""
        return combine(row.values * self.scales[row.numbers], self.weights[row.numbers].astype(np.float32))

    def scores(self, text: str, dense: Sequence[float] = ()) -> dict[str, float]:
        """Return each label's probability (0–1, together 1), calibrated on texts that were held out in training."""
        shares = softmax(self.margins(text, dense), self.temperature)
        return dict(zip(self.labels, shares.tolist(), strict=True))

    def to_bytes(self) -> bytes:
        """Return the model as bytes that `from_bytes` reads and checks."""
        header = {
            "labels": self.labels,
            "features": asdict(self.vocabulary.features),
            "temperature": self.temperature,
            "dense": self.dense,
        }
        arrays = {"hashes": self.vocabulary.hashes, "rarity": self.vocabulary.rarity, "scales": self.scales}
        return pack(KIND, header, {**arrays, "weights": self.weights})

    @classmethod
    def from_bytes(cls, data: bytes) -> LinearModel:
        """Return the model that `to_bytes` wrote; ModelFormatError when it is damaged or something else."""
        header, arrays = unpack(KIND, data)
        try:
            features = Features(**header["features"])
            vocabulary = Vocabulary(features, arrays["hashes"], arrays["rarity"])
            labels, dense, temperature = tuple(header["labels"]), int(header["dense"]), float(header["temperature"])
            weights, scales = arrays["weights"], arrays["scales"]
        except (KeyError, TypeError, ValueError) as error:
            raise ModelFormatError(f"The model cannot be read: {error}") from error
        rows = len(vocabulary.hashes) + dense + 1
        if (
            weights.shape != (rows, len(labels))
            or scales.shape != (rows,)
            or len(vocabulary.rarity) + dense + 1 != rows
        ):
            raise ModelFormatError("The model's parts do not fit each other.")
        return cls(labels, vocabulary, weights, scales, temperature, dense)
