"""How many sockets a tenant, a key and a visitor have open, over all processes; counted in Valkey.

Each process writes how many of its own are open, and every few seconds that it lives: what a killed process wrote
counts no more after `LIFE_SECONDS`, and nothing has to be written for each socket while it is open. While Valkey is
away each process counts for itself, and writes everything anew when it is back or was emptied.
"""

import os
import time
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from threading import Lock
from typing import Any, Final
from uuid import uuid4

import redis
import structlog

from tenants.callers import Caller
from tenants.limits import buckets
from tenants.services.config import setting

PREFIX: Final = "open:"
PROCESS: Final = "process:"
LIFE_SECONDS: Final = 12
AWAY_SECONDS: Final = 3.0
# A hash of counts outlives the processes in it by this at most; all is written anew twice in that time.
KEPT_SECONDS: Final = 86_400
logger = structlog.get_logger(__name__)

# KEYS: the hashes of counts. ARGV: the asking process, the prefix of processes' marks, how long a hash is kept, then
# for each hash its limit and the process's own count with the new socket. Returns which one is full first, or 0.
ENTER: Final = """
for i, key in ipairs(KEYS) do
    local counts, open = redis.call('HGETALL', key), tonumber(ARGV[2 * i + 3])
    for at = 1, #counts, 2 do
        if counts[at] ~= ARGV[1] then
            if redis.call('EXISTS', ARGV[2] .. counts[at]) == 1 then
                open = open + tonumber(counts[at + 1])
            else
                redis.call('HDEL', key, counts[at])
            end
        end
    end
    if open > tonumber(ARGV[2 * i + 2]) then return i end
end
for i, key in ipairs(KEYS) do
    redis.call('HSET', key, ARGV[1], ARGV[2 * i + 3])
    redis.call('EXPIRE', key, ARGV[3])
end
return 0
"""

_counts: Counter[str] = Counter()
_unsaid: set[str] = set()
_lock = Lock()
_away_until = 0.0
_said_all_at = 0.0


def places_of(caller: Caller) -> dict[str, str]:
    """Return what a caller's socket counts to, with the name of the setting that says how many may be open there."""
    found = {f"tenant:{caller.tenant_id}": "socket_limit"}
    if caller.is_visitor:
        found[f"visitor:{caller.tenant_id}:{caller.contact_id}"] = "visitor_socket_limit"
    elif caller.key_id is not None:
        found[f"key:{caller.key_id}"] = "key_socket_limit"
    return found


def enter(caller: Caller) -> bool:
    """Count one more open socket of a caller; tell whether there is room for it (if not, nothing is counted)."""
    limits = {name: int(setting(caller.tenant_id, key)) for name, key in places_of(caller).items()}
    with _lock:
        for name in limits:
            _counts[name] += 1
        has_room = _ask(limits)
        if not has_room:
            _take_away(limits)
        return has_room


def leave(caller: Caller) -> None:
    """Count one open socket of a caller less."""
    names = list(places_of(caller))
    with _lock:
        _take_away(names)
        _say(names)


def live_on() -> None:
    """Write that this process lives, and its counts where Valkey may not have them; called every few seconds."""
    global _away_until, _said_all_at
    with _lock:
        try:
            client: Any = buckets.client()
            was_there = client.set(PREFIX + PROCESS + _process(), "1", ex=LIFE_SECONDS, get=True)
        except redis.RedisError:
            _away_until = time.monotonic() + AWAY_SECONDS
            return
        _away_until = 0.0
        if was_there is None or time.monotonic() - _said_all_at > KEPT_SECONDS / 2:
            _said_all_at = time.monotonic()
            _say([*_counts, *_unsaid])
        elif _unsaid:
            _say(list(_unsaid))


def _ask(limits: Mapping[str, int]) -> bool:
    global _away_until
    if time.monotonic() >= _away_until:
        arguments: list[Any] = [_process(), PREFIX + PROCESS, KEPT_SECONDS]
        for name, limit in limits.items():
            arguments += [limit, _counts[name]]
        try:
            return not _script()(keys=[PREFIX + name for name in limits], args=arguments)
        except redis.RedisError as error:
            logger.warning("sockets_counted_here", error=str(error))
            _away_until = time.monotonic() + AWAY_SECONDS
    _unsaid.update(limits)
    return all(_counts[name] <= limit for name, limit in limits.items())


def _take_away(names: Iterable[str]) -> None:
    for name in names:
        _counts[name] -= 1
        if _counts[name] <= 0:
            del _counts[name]


def _say(names: Sequence[str]) -> None:
    """Write this process's own counts of these names; those that cannot be written are kept in mind."""
    global _away_until
    _unsaid.update(names)
    if time.monotonic() < _away_until:
        return
    try:
        pipeline: Any = buckets.client().pipeline(transaction=False)
        for name in names:
            if count := _counts.get(name):
                pipeline.hset(PREFIX + name, _process(), count)
                pipeline.expire(PREFIX + name, KEPT_SECONDS)
            else:
                pipeline.hdel(PREFIX + name, _process())
        pipeline.execute()
        _unsaid.difference_update(names)
    except redis.RedisError:
        _away_until = time.monotonic() + AWAY_SECONDS


@lru_cache(maxsize=1)
def _process() -> str:
    return f"{os.getpid()}-{uuid4().hex}"


@lru_cache(maxsize=1)
def _script() -> Any:
    return buckets.client().register_script(ENTER)


def forget() -> None:
    """Begin with nothing open: between tests."""
    _counts.clear()
    _unsaid.clear()
