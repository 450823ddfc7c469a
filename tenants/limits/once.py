"""What may happen once: remembered in Valkey for as long as it could come again, here while Valkey is away."""

from threading import Lock
from typing import Any, Final

import redis
from cachetools import TTLCache

from tenants.limits import buckets

PREFIX: Final = "once:"
LONGEST: Final = 120
_seen: TTLCache[str, bool] = TTLCache(maxsize=100_000, ttl=LONGEST)
_lock = Lock()


def is_first(name: str, seconds: int) -> bool:
    """Tell whether something with this name is seen for the first time within so many seconds (at most two minutes)."""
    with _lock:
        if name in _seen:
            return False
        _seen[name] = True
    try:
        client: Any = buckets.client()
        return bool(client.set(PREFIX + name, "1", nx=True, ex=seconds))
    except redis.RedisError:
        return True
