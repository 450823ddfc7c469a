"""How much waits in the broker's queues, of which the rings for work rows are made."""

from functools import lru_cache
from typing import Final

import redis
import structlog
from django.conf import settings

from tenants.services.crowding import both

SECONDS: Final = 1.0
logger = structlog.get_logger(__name__)


def empty_queues() -> frozenset[str]:
    """Return the names of the queues in which nothing waits, nor in those for crowds beside them.

    All of them when the broker cannot be asked.
    """
    names: tuple[str, ...] = settings.CELERY_TASK_QUEUES_NAMES
    try:
        with _client().pipeline(transaction=False) as pipeline:
            for name in names:
                for each in both(name):
                    pipeline.llen(each)
            waiting = pipeline.execute()
    except redis.RedisError as error:
        logger.warning("broker_not_asked", error=str(error))
        return frozenset(names)
    counts = zip(waiting[::2], waiting[1::2], strict=True)
    return frozenset(name for name, (own, crowd) in zip(names, counts, strict=True) if own + crowd == 0)


@lru_cache(maxsize=1)
def _client() -> redis.Redis:
    return redis.Redis.from_url(settings.BROKER_REDIS_URL, socket_timeout=SECONDS, socket_connect_timeout=SECONDS)
