"""Token buckets in Valkey: one script takes from several at once, or from none (the clock is Valkey's own).

While Valkey is away each process counts for itself: what people write is accepted rather than refused.
"""

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

import redis
import structlog
from django.conf import settings

from tenants.limits import local

PREFIX: Final = "limit:"
SECONDS: Final = 1.0
AWAY_SECONDS: Final = 3.0
logger = structlog.get_logger(__name__)

# KEYS: buckets. ARGV: whether debts are allowed, then for each bucket its size, tokens a second, and the cost.
# Returns whether all had enough, then what is in each (as text: Lua's numbers would lose their fractions).
TAKE: Final = """
local clock = redis.call('TIME')
local now, all_have, levels = clock[1] + clock[2] / 1e6, 1, {}
for i, key in ipairs(KEYS) do
    local size, rate, cost = tonumber(ARGV[3 * i - 1]), tonumber(ARGV[3 * i]), tonumber(ARGV[3 * i + 1])
    local kept = redis.call('HMGET', key, 'level', 'at')
    local level, at = tonumber(kept[1]) or size, tonumber(kept[2]) or now
    levels[i] = math.min(size, level + math.max(0, now - at) * rate)
    if levels[i] < cost then all_have = 0 end
end
local answer = {all_have}
for i, key in ipairs(KEYS) do
    local size, rate, cost = tonumber(ARGV[3 * i - 1]), tonumber(ARGV[3 * i]), tonumber(ARGV[3 * i + 1])
    if all_have == 1 or ARGV[1] == '1' then
        levels[i] = math.max(-size, levels[i] - cost)
        redis.call('HSET', key, 'level', levels[i], 'at', now)
        redis.call('PEXPIRE', key, math.ceil((size - levels[i]) / rate * 1000) + 1000)
    end
    answer[i + 1] = tostring(levels[i])
end
return answer
"""


@dataclass(frozen=True)
class Bucket:
    """A name of its own, how much it holds, and how much comes back each second."""

    name: str
    size: float
    per_second: float


@dataclass(frozen=True)
class Level:
    """What taking came to: of all buckets the one that refused, else the one that will be empty first.

    `reset` and `wait` are seconds: until that bucket is full again, and until the same may be asked for again.
    """

    allowed: bool
    limit: int
    remaining: int
    reset: int
    wait: int = 0


_away_until = 0.0


def take(costs: Sequence[tuple[Bucket, float]], *, into_debt: bool = False) -> Level:
    """Take from all the buckets, or from none when one has too little.

    `into_debt`: take in any case, for what is known only afterwards; the debt is paid back before anything else. What
    costs more than a bucket holds takes all of it.
    """
    wanted = [(bucket, float(min(cost, bucket.size))) for bucket, cost in costs]
    levels, allowed = _taken(wanted, into_debt)
    return _told(wanted, levels, allowed)


def _taken(wanted: list[tuple[Bucket, float]], into_debt: bool) -> tuple[list[float], bool]:  # noqa: FBT001
    global _away_until
    if time.monotonic() >= _away_until:
        arguments: list[Any] = [int(into_debt)]
        for bucket, cost in wanted:
            arguments += [bucket.size, bucket.per_second, cost]
        try:
            allowed, *levels = _script()(keys=[PREFIX + bucket.name for bucket, _cost in wanted], args=arguments)
            return [float(level) for level in levels], bool(allowed)
        except redis.RedisError as error:
            logger.warning("limits_counted_here", error=str(error))
            _away_until = time.monotonic() + AWAY_SECONDS
    return local.take(
        [(bucket.name, bucket.size, bucket.per_second, cost) for bucket, cost in wanted], into_debt=into_debt
    )


def _told(wanted: list[tuple[Bucket, float]], levels: list[float], allowed: bool) -> Level:  # noqa: FBT001
    def missing(at: int) -> float:
        (bucket, cost), level = wanted[at], levels[at]
        return (cost - level) / bucket.per_second

    places = range(len(wanted))
    told = min(places, key=lambda at: levels[at]) if allowed else max(places, key=missing)
    bucket, level = wanted[told][0], levels[told]
    return Level(
        allowed=allowed,
        limit=int(bucket.size),
        remaining=max(0, math.floor(level)),
        reset=math.ceil((bucket.size - level) / bucket.per_second),
        wait=0 if allowed else max(1, math.ceil(missing(told))),
    )


@lru_cache(maxsize=1)
def client() -> redis.Redis:
    """Return this process's connections to Valkey, which wait a second at most."""
    return redis.Redis.from_url(settings.LIMITS_REDIS_URL, socket_timeout=SECONDS, socket_connect_timeout=SECONDS)


@lru_cache(maxsize=1)
def _script() -> Any:
    return client().register_script(TAKE)
