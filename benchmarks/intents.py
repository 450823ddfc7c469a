"""Intents told on real data sets, learnt from their training parts alone: python -m benchmarks.intents

The sets are read from the folder that CHARLA_DATASETS names. `CHARLA_SETS=banking77,clinc150` chooses some. Nothing was
chosen on the parts that are measured here.
"""

import os
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from analysis.intents import IntentClassifier, train_intents
from benchmarks.figures import Report, machine, percentile, reporting
from benchmarks.intents_sets import SETS, IntentSet

MIB = 2**20


@dataclass(frozen=True)
class Targets:
    """What a set has to reach: percent of the intents right, and of what has none found to have none."""

    right: float | None = None
    believed: float | None = None
    outside: float | None = None


TARGETS = {"banking77": Targets(right=91.5), "clinc150": Targets(believed=92.5, outside=40)}


def measure(report: Report, name: str, picked: IntentSet) -> None:
    """Learn a set and tell its figures."""
    targets = TARGETS.get(name, Targets())
    count = sum(map(len, picked.examples.values()))
    report.note(f"\n{name}: {count} examples of {len(picked.examples)} intents, {len(picked.asked)} asked")
    began = time.process_time()
    classifier = train_intents(picked.examples, picked.out_of_scope)
    report.add("learning, processor time", time.process_time() - began, "s")
    report.add("size of what is stored", len(classifier.to_bytes()) / MIB, "MiB")
    inside = [(text, intent) for text, intent in picked.asked if intent is not None]
    report.add("right, without a threshold", _right(classifier, inside, least=0), "%", least=targets.right)
    report.add("right and believed", _right(classifier, inside), "%", least=targets.believed)
    if outside := [(text, intent) for text, intent in picked.asked if intent is None]:
        report.add("without an intent: found to have none", _right(classifier, outside), "%", least=targets.outside)
    took = [_took(classifier, text) for text, _intent in picked.asked]
    for name, seconds in zip(("time", "processor time"), zip(*took, strict=True), strict=True):
        report.add(f"a message, {name}, median", percentile(seconds, 0.5) * 1000, "ms")
        most = 5 if name == "processor time" else None
        report.add(f"a message, {name}, 95th percentile", percentile(seconds, 0.95) * 1000, "ms", most=most)


def _right(
    classifier: IntentClassifier, asked: Sequence[tuple[str, str | None]], *, least: float | None = None
) -> float:
    return 100 * sum(classifier.classify(text, least=least).name == intent for text, intent in asked) / len(asked)


def _took(classifier: IntentClassifier, text: str) -> tuple[float, float]:
    """Return what a message takes by the clock, others on the machine included, and of the processor."""
    began, worked = time.perf_counter(), time.thread_time()
    classifier.classify(text)
    return time.perf_counter() - began, time.thread_time() - worked


def main() -> int:
    """Measure the sets that there are."""
    folder = Path(os.environ.get("CHARLA_DATASETS", "../shared/data"))
    with reporting() as report:
        report.note(machine())
        if not folder.is_dir():
            report.note(f"{folder}: no such folder; the data sets are not measured.")
            return 0
        for name in os.environ.get("CHARLA_SETS", ",".join(SETS)).split(","):
            measure(report, name, SETS[name](folder))
    return 0


if __name__ == "__main__":
    sys.exit(main())
