"""Waking the sweeper: it sleeps for two seconds when nothing is due, and some news cannot wait that long.

PostgreSQL tells whoever listens once the transaction is committed. A message that finds nobody costs nothing: a sweeper
looks for itself when it begins.
"""

import threading
import time
from typing import Final

from django.db import connection, connections, transaction

from tenants.scope import OPERATIONS

CHANNEL: Final = "charla_work"
WORKER_BEGAN: Final = "worker"
SLICE_SECONDS: Final = 0.5  # how soon a request to stop is seen


def wake_sweeper(news: str = "") -> None:
    """Wake the sweeper once the current transaction is committed, or at once outside of one."""
    with transaction.atomic(savepoint=False), connection.cursor() as cursor:
        cursor.execute("SELECT pg_notify(%s, %s)", [CHANNEL, news])


def listen() -> None:
    """Let this session of the operations role be woken; it must not be one of a transaction pooler."""
    with connections[OPERATIONS].cursor() as cursor:
        cursor.execute(f"LISTEN {CHANNEL}")


def sleep(seconds: float, stopped: threading.Event) -> bool:
    """Sleep until the time has passed, somebody wakes this session, or it is told to stop.

    Returns whether a worker has begun meanwhile.
    """
    until = time.monotonic() + seconds
    while not stopped.is_set() and (left := until - time.monotonic()) > 0:
        heard = _hear(min(left, SLICE_SECONDS))
        if heard:
            return WORKER_BEGAN in heard
    return False


def _hear(seconds: float) -> list[str]:
    wrapper = connections[OPERATIONS]
    wrapper.ensure_connection()
    with wrapper.wrap_database_errors:
        return [notice.payload for notice in wrapper.connection.notifies(timeout=seconds, stop_after=1)]
