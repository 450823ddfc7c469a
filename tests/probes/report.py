"""Counts probes by who sent them and by what came back, and prints the table of it."""

from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Final

OUTCOMES: Final = ("refused", "not found", "invalid", "own data", "unavailable", "leaks", "writes", "500s")
COLUMNS_OF_ANSWERS: Final = 5  # and the last; leaks and writes are found in answers that are counted already


def outcome_of(status: int) -> str:
    """Return the column of an answer's status; "own data" is any answer that was given."""
    if status in {401, 403, 405, 429}:
        return "refused"
    if status in {404, 410}:
        return "not found"
    if status >= 500:
        return "500s" if status != 503 else "unavailable"
    return "invalid" if status >= 400 else "own data"


class Report:
    """How many probes everybody sent, what came of them, and what else was counted."""

    def __init__(self) -> None:
        self.probes: Counter[tuple[str, str]] = Counter()
        self.others: Counter[str] = Counter()

    def probe(self, caller: str, outcome: str) -> None:
        """Count one probe, or one finding of a probe that is counted already."""
        self.probes[caller, outcome] += 1

    def add(self, kind: str, count: int = 1) -> None:
        """Count what is no probe at a neighbour's rows, such as a mutant."""
        self.others[kind] += count

    @contextmanager
    def silent(self) -> Iterator[None]:
        """Forget the probes that are sent inside, as those at a mutant: they are meant to find something."""
        kept = self.probes.copy()
        yield
        self.probes = kept

    def rows(self) -> list[tuple[str, str, int]]:
        """Return the counts in a form that one process can hand to another."""
        return [(*key, count) for key, count in self.probes.items()] + [
            (kind, "", count) for kind, count in self.others.items()
        ]

    def take(self, rows: Iterable[tuple[str, str, int]]) -> None:
        """Add what another process counted."""
        for name, outcome, count in rows:
            if outcome:
                self.probes[name, outcome] += count
            else:
                self.others[name] += count

    def lines(self) -> list[str]:
        """Return the table of callers and outcomes with its sum, and a line for each other count."""
        if not self.probes and not self.others:
            return []
        return [*self._table(), *(f"{count:>8}  {kind}" for kind, count in sorted(self.others.items()))]

    def _table(self) -> Iterator[str]:
        callers = sorted({caller for caller, _outcome in self.probes})
        yield f"{'probes at a neighbour by':34}{'sent':>8}" + "".join(f"{name:>12}" for name in OUTCOMES)
        for caller in [*callers, "all"]:
            counts = [
                sum(count for (who, what), count in self.probes.items() if what == name and caller in {who, "all"})
                for name in OUTCOMES
            ]
            sent = sum(counts[:COLUMNS_OF_ANSWERS]) + counts[-1]
            yield f"{caller:34}{sent:>8}" + "".join(f"{count:>12}" for count in counts)


REPORT: Final = Report()
