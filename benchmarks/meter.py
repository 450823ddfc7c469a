"""What processes cost: processor time and memory, of whole trees of them."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress

import psutil


def tree(pid: int) -> list[psutil.Process]:
    """Return a process and all that descend from it."""
    root = psutil.Process(pid)
    return [root, *root.children(recursive=True)]


def cpu_seconds(pid: int) -> float:
    """Return the processor time (user and system) that a tree has used, those of it that ended included."""
    total = 0.0
    for process in tree(pid):
        with suppress(psutil.NoSuchProcess):
            times = process.cpu_times()
            total += times.user + times.system + times.children_user + times.children_system
    return total


def pss_mib(pid: int) -> float:
    """Return the proportional set size of one process: shared pages count in part."""
    return float(psutil.Process(pid).memory_full_info().pss) / 2**20


class Meter:
    """Processor time of named trees between `start` and `spent`."""

    def __init__(self, pids: Mapping[str, int]) -> None:
        self.pids = dict(pids)
        self.before: dict[str, float] = {}

    def start(self) -> None:
        """Begin to count."""
        self.before = {name: cpu_seconds(pid) for name, pid in self.pids.items()}

    def spent(self) -> dict[str, float]:
        """Return the seconds of each since the start."""
        return {name: cpu_seconds(pid) - self.before[name] for name, pid in self.pids.items()}


@contextmanager
def metered(pids: Mapping[str, int]) -> Iterator[dict[str, float]]:
    """Fill the yielded dict with the seconds that each tree spent in the block."""
    meter, spent = Meter(pids), dict[str, float]()
    meter.start()
    yield spent
    spent.update(meter.spent())
