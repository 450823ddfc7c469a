"""Terms as numbered features with weights: which were seen in training, and how much each tells."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final
from zlib import crc32

import numpy as np
import numpy.typing as npt

from analysis.linear.terms import Features, pair_terms, piece_terms, tokens, word_terms

Floats = npt.NDArray[np.float32]
Ints = npt.NDArray[np.int32]
Hashes = npt.NDArray[np.uint32]
PAIRS_WEIGHT: Final = 0.7


def combine(values: Floats, weights: Floats) -> Floats:
    """Return the sum of rows of weights, each times its value.

    Not `@`: for such small arrays BLAS would wake threads that cost more than the sum and take the other cores.
    """
    combined: Floats = np.einsum("i,ij->j", values, weights)
    return combined


@dataclass(frozen=True)
class Row:
    """A text: the numbers of its features and their values; all together of length 1 or so."""

    numbers: Ints
    values: Floats

    @property
    def squared(self) -> float:
        """Return the squared length."""
        return float(self.values @ self.values)


@dataclass(frozen=True)
class Hashed:
    """A text's terms as hashes, words, pieces and pairs apart, with how often each occurs."""

    words: tuple[Hashes, Floats]
    pieces: tuple[Hashes, Floats]
    pairs: tuple[Hashes, Floats]


def hashed(text: str, features: Features) -> Hashed:
    """Return a text's terms; hashes, so that nobody's words stand in a stored model."""
    found = tokens(text)
    pieces = piece_terms(found, features) if features.chars else Counter[str]()
    return Hashed(
        _hashes("w", word_terms(found, features)), _hashes("p", pieces), _hashes("2", pair_terms(found, features))
    )


def _hashes(kind: str, terms: Counter[str]) -> tuple[Hashes, Floats]:
    seed = crc32(kind.encode())
    keys = np.fromiter((crc32(term.encode("utf-8", "replace"), seed) for term in terms), np.uint32, len(terms))
    return keys, np.fromiter(terms.values(), np.float32, len(terms))


@dataclass(frozen=True)
class Vocabulary:
    """The terms of the training texts: their hashes in ascending order, and each one's inverse frequency."""

    features: Features
    hashes: Hashes
    rarity: Floats

    @classmethod
    def of(cls, texts: Iterable[Hashed], features: Features) -> Vocabulary:
        """Learn which terms there are, and in how few texts each occurs."""
        every = [np.unique(np.concatenate((text.words[0], text.pieces[0], text.pairs[0]))) for text in texts]
        if not every:
            return cls(features, np.empty(0, np.uint32), np.empty(0, np.float32))
        hashes, counts = np.unique(np.concatenate(every), return_counts=True)
        kept = counts >= features.least_texts
        rarity = np.log((1 + len(every)) / (1 + counts[kept])) + 1
        return cls(features, hashes[kept], rarity.astype(np.float32))

    def row(self, text: Hashed, dense: Sequence[float] = ()) -> Row:
        """Return a text's features; `dense` values follow the vocabulary's own as they are, and a constant 1."""
        words, pieces = self._part(text.words, 1.0), self._part(text.pieces, self.features.chars)
        pairs = self._part(text.pairs, PAIRS_WEIGHT)
        own = len(self.hashes)
        more = np.arange(own, own + len(dense) + 1, dtype=np.int32)
        return Row(
            np.concatenate((words.numbers, pieces.numbers, pairs.numbers, more)),
            np.concatenate((words.values, pieces.values, pairs.values, np.asarray([*dense, 1.0], np.float32))),
        )

    def known(self, text: Hashed) -> float:
        """Return the share (0–1) of a text's word terms that occur in the training texts."""
        keys = text.words[0]
        return len(self._part(text.words, 1.0).numbers) / len(keys) if len(keys) else 0.0

    def _part(self, terms: tuple[Hashes, Floats], weight: float) -> Row:
        keys, counts = terms
        if not len(self.hashes) or not len(keys):
            return Row(np.empty(0, np.int32), np.empty(0, np.float32))
        places = np.minimum(np.searchsorted(self.hashes, keys), len(self.hashes) - 1)
        seen = self.hashes[places] == keys
        numbers = places[seen].astype(np.int32)
        values = (1 + np.log(counts[seen])) * self.rarity[numbers]
        length = float(np.sqrt(values @ values))
        return Row(numbers, values * np.float32(weight / length) if length else values)
