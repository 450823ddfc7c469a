"""Reading what the processes of this installation have counted, as a scrape would."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from metrics.definitions import PREFIX
from metrics.services.process_files import directory, prepare

from prometheus_client import CollectorRegistry  # isort: skip - after process_files
from prometheus_client import multiprocess  # isort: skip

files_of: Any = multiprocess.MultiProcessCollector  # the library has no types for it
Labels = tuple[tuple[str, str], ...]
SAMPLES: Final = ("_total", "_count", "_sum", "_bucket")


@dataclass
class Counted:
    """One series: a counter's value, or a histogram's count, sum and cumulative buckets by their upper bounds."""

    value: float = 0.0
    sum: float = 0.0
    buckets: dict[float, float] = field(default_factory=dict)

    def add(self, kind: str, value: float, bound: float) -> None:
        """Add what one process counted."""
        if kind == "_bucket":
            self.buckets[bound] = self.buckets.get(bound, 0.0) + value
        elif kind == "_sum":
            self.sum += value
        else:
            self.value += value

    def since(self, before: "Counted") -> "Counted":
        """Return what was counted since an earlier reading."""
        buckets = {bound: count - before.buckets.get(bound, 0.0) for bound, count in self.buckets.items()}
        return Counted(self.value - before.value, self.sum - before.sum, buckets)

    def mean(self) -> float | None:
        """Return the average of a histogram's values; None without any."""
        return self.sum / self.value if self.value > 0 else None

    def quantile(self, share: float) -> float | None:
        """Return the value below which a share of a histogram's values lies, within its bucket; None without any."""
        wanted, below, lower = share * self.value, 0.0, 0.0
        if self.value <= 0:
            return None
        for bound in sorted(self.buckets):
            count = self.buckets[bound]
            if count >= wanted:
                if math.isinf(bound):
                    return lower
                return lower + (bound - lower) * (wanted - below) / max(count - below, 1e-9)
            lower, below = bound, count
        return lower


def counted(name: str) -> dict[Labels, Counted]:
    """Return each series of a counter or histogram (named without `charla_`) by its labels, all processes together."""
    found: dict[Labels, Counted] = {}
    for sample in _samples(PREFIX + name):
        kind = next((ending for ending in SAMPLES if sample.name == PREFIX + name + ending), None)
        if kind is None:
            continue
        labels = dict(sample.labels)
        bound = float(labels.pop("le", "inf").replace("+Inf", "inf"))
        found.setdefault(tuple(sorted(labels.items())), Counted()).add(kind, sample.value, bound)
    return found


def total(series: Mapping[Labels, Counted]) -> Counted:
    """Return several series as one."""
    whole = Counted()
    for each in series.values():
        whole.value, whole.sum = whole.value + each.value, whole.sum + each.sum
        for bound, count in each.buckets.items():
            whole.buckets[bound] = whole.buckets.get(bound, 0.0) + count
    return whole


def _samples(name: str) -> list[Any]:
    if not prepare():
        return []
    registry = CollectorRegistry()
    for folder in sorted(directory().parent.iterdir()):
        if folder.is_dir():
            files_of(registry, path=str(folder))
    return [
        sample for metric in registry.collect() if metric.name in (name, name + "_total") for sample in metric.samples
    ]
