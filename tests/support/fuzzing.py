"""The long tier of inputs by hypothesis: so many files for a reader, none of which crashes it, hangs it or fills it up.

In rounds, each with a seed of its own: hypothesis remembers what it tried, and that must not be taken for the reader's.
"""

import gc
import resource
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

SLOWEST_SECONDS: Final = 2.0
MOST_MEGABYTES: Final = 256
A_ROUND: Final = 1_000
QUIETLY: Final[dict[str, Any]] = {
    "deadline": None, "database": None, "suppress_health_check": list(HealthCheck),
}  # fmt: skip
Read = Callable[[bytes, Path], dict[str, int]]
"""Writes a file to a path and reads it as a command does; returns how much of what came; raises for a crash."""


def long_tier(name: str, inputs: "st.SearchStrategy[bytes]", read: Read, count: int, begin: int = 0) -> str:
    """Read so many inputs and return what came of them; raises for one that crashed or took too long."""
    slowest, done, came = 0.0, 0, Counter[str]()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "export"

        def check(data: bytes) -> None:
            nonlocal slowest, done
            # The processor's time, not the clock's: beside other work a reader waits for its turn.
            began = time.process_time()
            came.update(read(data, path))
            done += 1
            slowest = max(slowest, time.process_time() - began)
            assert slowest < SLOWEST_SECONDS

        for number in range(begin, begin + -(-count // A_ROUND)):
            tier = settings(max_examples=min(A_ROUND, count), phases=[Phase.generate], **QUIETLY)
            seed(number)(tier(given(inputs)(check)))()
            gc.collect()
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    assert most < MOST_MEGABYTES, f"{most} MB"
    told = ", ".join(f"{kind} {times}" for kind, times in came.most_common(5))
    return f"{name}: {done} inputs, slowest {slowest * 1000:.0f} ms, {most} MB at most ({told})"


def bent(whole: "st.SearchStrategy[bytes]") -> "st.SearchStrategy[bytes]":
    """Return a strategy of files: as they are, cut off, with noise in the middle, and noise alone."""
    place = st.integers(0, 4000)
    cut = st.builds(lambda data, at: data[: at % (len(data) + 1)], whole, place)
    spliced = st.builds(
        lambda data, at, noise: data[: at % (len(data) + 1)] + noise + data[at % (len(data) + 1) :],
        whole, place, st.binary(max_size=8),
    )  # fmt: skip
    return st.one_of(whole, cut, spliced, st.binary(max_size=60))
