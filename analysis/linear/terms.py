"""What a linear classifier sees of a text: its words, pairs of words and pieces of words."""

import re
import unicodedata
from collections import Counter
from dataclasses import dataclass
from typing import Final

LONGEST_TEXT: Final = 2_000
LONGEST_WORD: Final = 40
_TOKEN: Final = re.compile(r"\w+(?:['’]\w+)*|[^\w\s]")
_REPEATED: Final = re.compile(r"(.)\1{2,}")
_NUMBER: Final = re.compile(r"\d+")


@dataclass(frozen=True)
class Features:
    """Which terms count: word n-grams up to `words`, pieces of words of `shortest` to `longest` characters.

    `chars` is the weight of the pieces beside the words' weight of 1; 0 leaves them out. `least_texts` is how many
    texts a term must occur in to be learnt. `pairs` adds pairs of words in either order, at most so many words apart,
    with a weight of 0.7: for short texts that say the same in another order.
    """

    words: int = 2
    shortest: int = 2
    longest: int = 5
    chars: float = 1.0
    least_texts: int = 1
    pairs: int = 0


def tokens(text: str) -> list[str]:
    """Return words and signs of the first 2,000 characters: small letters without accents, digits as 0.

    People leave accents out when they write fast, and draw out letters ("sooo"): three and more become two.
    """
    plain = unicodedata.normalize("NFKD", text[:LONGEST_TEXT].lower())
    plain = "".join(letter for letter in plain if not unicodedata.combining(letter))
    plain = _NUMBER.sub("0", _REPEATED.sub(r"\1\1", plain.replace("’", "'")))
    return [token[:LONGEST_WORD] for token in _TOKEN.findall(plain)]


def word_terms(found: list[str], features: Features) -> Counter[str]:
    """Count words and runs of words; the text's begin and end count as words in a run."""
    terms = Counter(found)
    framed = ["<", *found, ">"]
    for length in range(2, features.words + 1):
        terms.update(" ".join(framed[at : at + length]) for at in range(len(framed) - length + 1))
    return terms


def piece_terms(found: list[str], features: Features) -> Counter[str]:
    """Count pieces of words; a word's begin and end count as a space."""
    terms: Counter[str] = Counter()
    for token, count in Counter(found).items():
        framed = f" {token} "
        for length in range(features.shortest, features.longest + 1):
            for at in range(max(1, len(framed) - length + 1)):
                terms[framed[at : at + length]] += count
            if length >= len(framed):
                break
    return terms


def pair_terms(found: list[str], features: Features) -> Counter[str]:
    """Count pairs of words, in whichever order, that stand at most `pairs` words apart; signs are left out."""
    said = [token for token in found if token[0].isalnum()] if features.pairs else []
    return Counter(
        " ".join(sorted((first, second)))
        for at, first in enumerate(said)
        for second in said[at + 1 : at + 1 + features.pairs]
    )
