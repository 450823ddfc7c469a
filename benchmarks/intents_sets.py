"""The data sets that intents are measured on: what is learnt from, and what is asked.

They are read from the folder that CHARLA_DATASETS names; nothing of them is kept in the project.
"""

import csv
import gzip
import json
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

OUTSIDE = "oos"
NO_INTENT_HINT3 = "NO_NODES_DETECTED"


@dataclass(frozen=True)
class IntentSet:
    """Examples of each intent and of none of them; texts asked with their intents (None: none of them)."""

    examples: dict[str, list[str]]
    out_of_scope: list[str]
    asked: list[tuple[str, str | None]]


def _grouped(pairs: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = defaultdict(list)
    for text, intent in pairs:
        found[intent].append(text)
    return dict(found)


def _csv(path: Path, text: str, label: str) -> list[tuple[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return [(row[text], row[label]) for row in csv.DictReader(file)]


def banking77(folder: Path) -> IntentSet:
    """77 intents of a bank's customers; every text has one."""
    train = _csv(folder / "intent_banking77/train.csv", "text", "category")
    test = _csv(folder / "intent_banking77/test.csv", "text", "category")
    return IntentSet(_grouped(train), [], [(text, intent) for text, intent in test])


def clinc150(folder: Path) -> IntentSet:
    """150 intents of ten domains, 100 examples each, and 100 texts of none of them: the training part alone."""
    path = folder / "intent_clinc150"
    with gzip.open(path / "train.jsonl.gz", "rt", encoding="utf-8") as file:
        examples = _grouped((row["text"], row["intent"]) for row in map(json.loads, file))
    asked = [
        (row["text"], None if row["intent"] == OUTSIDE else row["intent"])
        for row in map(json.loads, (path / "test.jsonl").read_text("utf-8").splitlines())
    ]
    return IntentSet(examples, examples.pop(OUTSIDE), asked)


def hint3(folder: Path, bot: str) -> IntentSet:
    """Messages to a shop's or a game's bot as people typed them; half or more have none of the intents."""
    path = folder / "intent_hint3"
    train = _csv(path / f"{bot}.train.v2.csv", "sentence", "label")
    test = _csv(path / f"{bot}.test.csv", "sentence", "label_v2")
    return IntentSet(
        _grouped(train), [], [(text, None if intent == NO_INTENT_HINT3 else intent) for text, intent in test]
    )


SETS: dict[str, Callable[[Path], IntentSet]] = {
    "banking77": banking77,
    "clinc150": clinc150,
    "hint3_sofmattress": lambda folder: hint3(folder, "sofmattress"),
    "hint3_curekart": lambda folder: hint3(folder, "curekart"),
    "hint3_powerplay11": lambda folder: hint3(folder, "powerplay11"),
}
