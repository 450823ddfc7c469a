"""The same buckets in this process alone, for while Valkey is away."""

import time
from collections.abc import Sequence
from threading import Lock
from typing import Final

from cachetools import LRUCache

LARGEST: Final = 50_000
_levels: LRUCache[str, tuple[float, float]] = LRUCache(LARGEST)
_lock = Lock()


def take(wanted: Sequence[tuple[str, float, float, float]], *, into_debt: bool) -> tuple[list[float], bool]:
    """Take (name, size, tokens a second, cost) from each or from none; return what is in them, and whether it was."""
    now, levels = time.monotonic(), []
    with _lock:
        for name, size, per_second, _cost in wanted:
            level, at = _levels.get(name, (size, now))
            levels.append(min(size, level + (now - at) * per_second))
        allowed = all(level >= cost for level, (_name, _size, _rate, cost) in zip(levels, wanted, strict=True))
        if allowed or into_debt:
            for place, (name, size, _rate, cost) in enumerate(wanted):
                levels[place] = max(-size, levels[place] - cost)
                _levels[name] = (levels[place], now)
    return levels, allowed


def forget() -> None:
    """Begin with full buckets."""
    _levels.clear()
