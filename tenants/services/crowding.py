"""Fair queues: rings of a tenant that rings very often wait in a queue of their own, beside everybody else's.

A worker takes from the queues in turn, so a neighbour's ring waits for the tasks that run, not for a backlog; and while
nobody else wants anything, the crowd has every worker to itself.
"""

from typing import Final
from uuid import UUID

from tenants.limits import Bucket, take

CROWDED: Final = ".crowded"
BURST: Final = 30
PER_SECOND: Final = 10


def queue_for(tenant_id: UUID, queue: str) -> str:
    """Return the queue in which a tenant's next ring waits; counts the ring."""
    level = take([(Bucket(f"rings:{queue}:{tenant_id}", BURST, PER_SECOND), 1)])
    return queue if level.allowed else queue + CROWDED


def both(queue: str) -> tuple[str, str]:
    """Return a queue and the one for crowds beside it."""
    return queue, queue + CROWDED
