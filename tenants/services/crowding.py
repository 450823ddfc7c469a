"""Fair queues: what a tenant wants beyond its share waits in a queue of its own, beside everybody else's.

Its share is a number of rings a second, over all processes, and half of each worker's threads. Workers take from the
queues in turn, and from the crowds' only with a part of their threads (config/lanes.py): a neighbour's ring waits
neither for a backlog nor for a thread.
"""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock
from typing import Final
from uuid import UUID

from tenants.limits import Bucket, take

CROWDED: Final = ".crowded"
BURST: Final = 20
PER_SECOND: Final = 5
_running: Counter[UUID] = Counter()
_lock = Lock()
_most = 0


def queue_for(tenant_id: UUID, queue: str) -> str:
    """Return the queue in which a tenant's next ring waits; counts the ring."""
    level = take([(Bucket(f"rings:{queue}:{tenant_id}", BURST, PER_SECOND), 1)])
    return queue if level.allowed else queue + CROWDED


def both(queue: str) -> tuple[str, str]:
    """Return a queue and the one for crowds beside it."""
    return queue, queue + CROWDED


def share_threads(threads: int) -> None:
    """Let no tenant have more than half of this process's threads, but for what comes from the crowds' queues."""
    global _most
    _most = max(1, threads // 2)


@contextmanager
def thread_of(tenant_id: UUID) -> Iterator[bool]:
    """Count a task of a tenant while the block runs; yield whether its share of the threads had room for it."""
    with _lock:
        has_room = not _most or _running[tenant_id] < _most
        if has_room:
            _running[tenant_id] += 1
    try:
        yield has_room
    finally:
        if has_room:
            with _lock:
                _running[tenant_id] -= 1
                if not _running[tenant_id]:
                    del _running[tenant_id]
