"""What a benchmark says: figures beside their targets, and summaries of many measurements."""

import json
import os
import platform
import statistics
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass(frozen=True)
class Figure:
    """One number; `most` and `least` are targets (None: a figure to compare with, not one to reach)."""

    name: str
    value: float
    unit: str = ""
    most: float | None = None
    least: float | None = None

    @property
    def target(self) -> str:
        """Return the target as people write it."""
        if self.most is not None:
            return f"≤ {_short(self.most)}"
        return f"≥ {_short(self.least)}" if self.least is not None else ""

    @property
    def verdict(self) -> str:
        """Return whether the target was reached; nothing without one."""
        if not self.target:
            return ""
        above = self.least is not None and self.value < self.least
        below = self.most is not None and self.value > self.most
        return "missed" if above or below else "reached"

    def __str__(self) -> str:
        return f"  {self.name:<58} {_short(self.value):>9} {self.unit:<6} {self.target:<9} {self.verdict}".rstrip()


def _short(value: float) -> str:
    if value and abs(value) < 10:
        return f"{value:.2f}"
    return f"{value:,.1f}" if abs(value) < 100 else f"{value:,.0f}"


def percentile(values: Sequence[float], share: float) -> float:
    """Return the smallest measurement that at least `share` (0–1) of them do not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, max(0, -(-int(share * 1000) * len(ordered) // 1000) - 1))]


def median(values: Sequence[float]) -> float:
    """Return the middle measurement."""
    return statistics.median(values)


class Report:
    """Prints figures as they come and keeps them for whoever started the benchmark."""

    def __init__(self) -> None:
        self.figures: list[Figure] = []

    def note(self, text: str) -> None:
        """Say what is measured now."""
        print(text, flush=True)

    def add(
        self, name: str, value: float, unit: str = "", *, most: float | None = None, least: float | None = None
    ) -> None:
        """Add one figure."""
        self.figures.append(Figure(name, value, unit, most, least))
        print(self.figures[-1], flush=True)


@contextmanager
def reporting() -> Iterator[Report]:
    """Yield a report; at the end its figures go to the file that CHARLA_FIGURES names, if any."""
    report = Report()
    yield report
    if path := os.environ.get("CHARLA_FIGURES"):
        Path(path).write_text(json.dumps([asdict(figure) for figure in report.figures]), encoding="utf-8")


def machine() -> str:
    """Describe the machine in a line."""
    cpuinfo = Path("/proc/cpuinfo")
    lines = cpuinfo.read_text().splitlines() if cpuinfo.exists() else []
    model = next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "unknown")
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    load = ", ".join(f"{one:.1f}" for one in os.getloadavg())
    return (
        f"{os.cpu_count()} cores {model}, {memory:.0f} GiB, {platform.system()} {platform.release().split('-')[0]},"
        f" Python {sys.version.split()[0]}; load before: {load}"
    )
