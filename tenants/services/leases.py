"""Keeps this process's leases alive: one thread, one UPDATE a second for all of them (decision 6)."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

import structlog
from django.db import DatabaseError, close_old_connections, connection

from tenants.services.work import Lease, renew

INTERVAL_SECONDS = 1.0
logger = structlog.get_logger(__name__)


class LeaseKeeper:
    """Holds leases while their work runs and says when one was lost."""

    def __init__(self) -> None:
        self._held: dict[UUID, threading.Event] = {}
        self._lock = threading.Lock()
        self._wake = threading.Event()
        self._thread: threading.Thread | None = None

    @contextmanager
    def hold(self, lease: Lease) -> Iterator[threading.Event]:
        """Renew a lease until the block ends; the event is set when another process has taken the row over."""
        lost = threading.Event()
        with self._lock:
            self._held[lease.token] = lost
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._run, name="leases", daemon=True)
                self._thread.start()
        self._wake.set()
        try:
            yield lost
        finally:
            with self._lock:
                self._held.pop(lease.token, None)

    def _run(self) -> None:
        while True:
            self._wake.wait()
            threading.Event().wait(INTERVAL_SECONDS)
            with self._lock:
                held = dict(self._held)
                if not held:
                    self._wake.clear()
            if held:
                self._renew(held)

    def _renew(self, held: dict[UUID, threading.Event]) -> None:
        try:
            close_old_connections()
            kept = renew(held)
        except DatabaseError:
            # The leases run out by themselves if this goes on; finish() then refuses the work.
            logger.exception("leases_not_renewed", leases=len(held))
            connection.close()
            return
        for token, lost in held.items():
            if token not in kept:
                lost.set()


keeper = LeaseKeeper()
