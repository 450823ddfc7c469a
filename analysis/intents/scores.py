"""How well intents are told: the figures that are shown before what was learnt is switched on."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

WEAKEST: Final = 5


@dataclass(frozen=True)
class Told:
    """A text's intent as a person told it (None: none of them), the likeliest one, and what the answer was."""

    right: str | None
    likeliest: str | None
    given: str | None


@dataclass(frozen=True)
class Weak:
    """An intent that is often missed, and what its texts are most often taken for (None: none of them)."""

    intent: str
    right: int
    texts: int
    taken_for: str | None


@dataclass(frozen=True)
class Scores:
    """Shares, 0 to 1, None where there is no text to tell."""

    texts: int
    right: float | None
    """Of the texts that have an intent, those that were given it."""
    right_regardless: float | None
    """The same without a threshold: the likeliest intent is the right one."""
    none_found: float | None
    """Of the texts that have none of the intents, those that were given none."""
    correct: float | None
    """Of all texts, those that were answered rightly."""
    commonest: float | None
    """The share that who always gives the commonest answer reaches; 0 where there is but one."""
    weakest: list[Weak]


def scored(told: Sequence[Told]) -> Scores:
    """Return how well texts were told."""
    inside = [one for one in told if one.right is not None]
    outside = [one for one in told if one.right is None]
    answers = Counter(one.right for one in told)
    return Scores(
        texts=len(told),
        right=_share([one.given == one.right for one in inside]),
        right_regardless=_share([one.likeliest == one.right for one in inside]),
        none_found=_share([one.given is None for one in outside]),
        correct=_share([one.given == one.right for one in told]),
        commonest=max(answers.values()) / len(told) if len(answers) > 1 else (0.0 if told else None),
        weakest=_weakest(inside),
    )


def _share(hits: Sequence[bool]) -> float | None:
    return sum(hits) / len(hits) if hits else None


def _weakest(inside: Sequence[Told]) -> list[Weak]:
    texts = Counter(str(one.right) for one in inside)
    wrong: dict[str, Counter[str | None]] = {}
    for one in inside:
        if one.given != one.right:
            wrong.setdefault(str(one.right), Counter())[one.given] += 1
    found = [
        Weak(intent, texts[intent] - missed.total(), texts[intent], missed.most_common(1)[0][0])
        for intent, missed in wrong.items()
    ]
    return sorted(found, key=lambda weak: (weak.right / weak.texts, weak.intent))[:WEAKEST]
