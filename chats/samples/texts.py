"""What made-up people and agents say: text of our own in both languages, with gaps that are filled in."""

import json
import random
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

CITIES: Final = ("Sevilla", "Madrid", "Bogotá", "Valencia", "Lima", "Quito", "Bilbao", "Cali", "Medellín", "Austin")
NAMES: Final = ("Ana", "Luis", "Carmen", "Diego", "Elena", "Pablo", "Sara", "Tom", "Alice", "Grace", "Omar", "Inés")
SURNAMES: Final = ("García", "Rojas", "Navarro", "Ortega", "Suárez", "Miller", "Walker", "Castro", "Peña", "Young")


@dataclass(frozen=True)
class Said:
    """One text: as it was said, and the phrase that it was made from, whose mood it has."""

    text: str
    phrase: str


@dataclass(frozen=True)
class Topic:
    """What people ask about something, and what the agent answers."""

    asked: tuple[str, ...]
    answered: tuple[str, ...]


@dataclass(frozen=True)
class Phrases:
    """Everything that is said in one language."""

    topics: tuple[Topic, ...]
    further: tuple[str, ...]
    glad: tuple[str, ...]
    angry: tuple[str, ...]
    sensitive: tuple[str, ...]
    staff: tuple[str, ...]
    products: tuple[str, ...]
    days: tuple[str, ...]


@cache
def phrases(language: str) -> Phrases:
    """Return what is said in `es` or `en`."""
    path = Path(__file__).with_name(f"{language}.json")
    read: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    topics = tuple(Topic(tuple(each["asked"]), tuple(each["answered"])) for each in read.pop("topics"))
    return Phrases(topics, **{name: tuple(texts) for name, texts in read.items()})


def say(chance: random.Random, language: str, phrase: str) -> Said:
    """Fill a phrase's gaps in."""
    if "{" not in phrase:
        return Said(phrase, phrase)
    filled = phrase
    for gap, make in GAPS.items():
        if gap in filled:
            filled = filled.replace(gap, make(chance, language))
    return Said(filled, phrase)


def _card(chance: random.Random, _language: str) -> str:
    """Return a number with a right check digit from the range that is kept for tests (4000 00…)."""
    digits = [4, *[0] * 5, *(chance.randrange(10) for _ in range(9))]
    doubled = [2 * digit - 9 * (digit > 4) for digit in digits[::2]]
    digits.append(-(sum(doubled) + sum(digits[1::2])) % 10)
    return " ".join("".join(map(str, digits[at : at + 4])) for at in range(0, 16, 4))


GAPS: Final = {
    "{order}": lambda chance, _language: f"CH-{chance.randrange(100_000, 1_000_000)}",
    "{product}": lambda chance, language: chance.choice(phrases(language).products),
    "{city}": lambda chance, _language: chance.choice(CITIES),
    "{day}": lambda chance, language: chance.choice(phrases(language).days),
    "{amount}": lambda chance, _language: f"{chance.randrange(2, 200)},{chance.randrange(100):02}",
    "{email}": lambda chance, _language: f"{chance.choice(NAMES).lower()}{chance.randrange(10_000)}@example.com",
    "{phone}": lambda chance, _language: f"+34 600 {chance.randrange(1_000):03} {chance.randrange(1_000):03}",
    "{card}": _card,
}
