"""Deals the blows and watches when what was hit is back."""

import os
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import psycopg
import redis

from config.stack.run import answers_ready
from config.stack.valkey import answers
from tenants.services.sweeping import ADVISORY_LOCK
from tests.chaos.installation import Installation
from tests.chaos.plan import FLUSH, POSTGRES, VALKEY, WEB, WORKER, Blow, kind_of

LOOK_SECONDS: Final = 0.05
HOPELESS_SECONDS: Final = 120.0
WORKER_READY: Final = b" ready."
SWEEPS: Final = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND classid = 0 AND objid = %s AND granted"


@dataclass
class Struck:
    """A blow that was dealt: when (seconds since 1970), and when what it hit did its work again (0: not yet)."""

    number: int
    name: str
    at: float
    back_at: float = 0.0
    mark: int = 0


class Striker:
    """Deals blows in the main thread; a second thread looks whether what was hit is back."""

    def __init__(self, running: Installation) -> None:
        self.running = running
        self.struck: list[Struck] = []
        self.ended = threading.Event()
        self.thread = threading.Thread(target=self._look, name="back-again", daemon=True)
        self.thread.start()

    def deal(self, blow: Blow) -> Struck:
        """Wait for the blow's moment and deal it; the installation is watched meanwhile."""
        until = time.monotonic() + blow.pause
        while time.monotonic() < until or (blow.patient and self._is_away(blow.name)):
            self.running.watch()
            if time.monotonic() > until + HOPELESS_SECONDS:
                raise RuntimeError(f"{blow.name} did not come back in {HOPELESS_SECONDS} s.")
        struck = Struck(blow.number, blow.name, 0.0)
        if blow.name == FLUSH:
            struck.at = time.time()
            self.running.flush()
            struck.back_at = time.time()
        else:
            struck.mark = self._log_size(blow.name)
            self.running.kill(blow.name, away=blow.away)
            struck.at = time.time()
        self.struck.append(struck)
        return struck

    def _is_away(self, name: str) -> bool:
        return any(struck.name == name and not struck.back_at for struck in self.struck)

    def end(self) -> None:
        """Look no more."""
        self.ended.set()
        self.thread.join(10)

    def _log_size(self, name: str) -> int:
        log = self.running.service(name).log
        return log.stat().st_size if log.exists() else 0

    def _look(self) -> None:
        while not self.ended.wait(LOOK_SECONDS):
            away = [struck for struck in list(self.struck) if not struck.back_at]
            for latest in {struck.name: struck for struck in away}.values():
                if self._is_back(latest):
                    # A process that was hit again before it came back is back for both blows now.
                    for same in away:
                        if same.name == latest.name:
                            same.back_at = time.time()

    def _is_back(self, struck: Struck) -> bool:
        service = self.running.service(struck.name)
        if service.child is None or service.child.poll() is not None:
            return False
        kind = kind_of(struck.name)
        if kind == WEB:
            return accepts(service.child.pid, self.running)
        if kind == WORKER:
            with service.log.open("rb") as log:
                log.seek(struck.mark)
                return WORKER_READY in log.read()
        if kind == VALKEY:
            return answers(self.running.redis_url)
        try:
            rows = self.running.rows(SWEEPS, ADVISORY_LOCK)
        except psycopg.Error:
            return False
        return kind == POSTGRES or rows[0][0] > 0


def accepts(pid: int, running: Installation) -> bool:
    """Tell whether a process waits for connections on the socket that the web servers share."""
    assert running.listener is not None
    waited_for = f"ino:{os.fstat(running.listener.fileno()).st_ino:x} "
    try:
        return any(waited_for in each.read_text() for each in Path(f"/proc/{pid}/fdinfo").iterdir())
    except OSError:  # the process, or one of its files, has just gone
        return False


def wait_whole(running: Installation, seconds: float = 120.0) -> bool:
    """Watch until every process works; False when that takes too long."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        running.watch()
        try:
            if answers_ready(("127.0.0.1", running.port)) and running.rows(SWEEPS, ADVISORY_LOCK)[0][0]:
                return True
        except (psycopg.Error, redis.RedisError):
            continue
    return False
