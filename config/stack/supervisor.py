"""Keeps the processes running: what dies is started again, sooner the first time than the tenth."""

import contextlib
import shutil
import signal
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from config.stack.children import end_children, kill_group
from config.stack.interruptions import Interruptions
from config.stack.words import gettext

FIRST_DELAY = 0.2
LONGEST_DELAY = 10.0
STEADY_AFTER = 5.0
LONGEST_LOG = 50 * 2**20
LOGS_SEEN_EVERY = 60.0


@dataclass
class Service:
    """One process that should always run."""

    name: str
    log: Path
    start: Callable[[], subprocess.Popen[bytes]]
    stop_signal: signal.Signals = signal.SIGTERM
    stop_seconds: float = 10.0
    child: subprocess.Popen[bytes] | None = None
    failures: int = 0
    started: float = 0.0
    start_at: float = 0.0

    def ensure(self) -> None:
        """Start the process when it does not run."""
        if self.child is None:
            self.child = self.start()
            self.started = time.monotonic()

    def adopt(self, child: subprocess.Popen[bytes]) -> None:
        """Take over a process that runs already."""
        self.child, self.started = child, time.monotonic()

    def bury(self) -> int | None:
        """Return the status of a process that ended since the last call and set the time of its next start."""
        if self.child is None or (status := self.child.poll()) is None:
            return None
        kill_group(self.child)
        self.failures = 0 if time.monotonic() - self.started > STEADY_AFTER else self.failures
        self.start_at = time.monotonic() + min(FIRST_DELAY * 2**self.failures, LONGEST_DELAY)
        self.failures += 1
        self.child = None
        return status

    def last_words(self) -> str:
        """Return the last line of the log."""
        with contextlib.suppress(OSError), self.log.open("rb") as log:
            log.seek(max(0, self.log.stat().st_size - 2000))
            lines = log.read().decode(errors="replace").strip().splitlines()
            return lines[-1].strip() if lines else ""
        return ""


@dataclass
class Supervisor:
    """The services in the order of their start; `tell` gets one sentence about each death."""

    interruptions: Interruptions
    tell: Callable[[str], None]
    services: list[Service] = field(default_factory=list)
    logs_seen: float = 0.0

    def watch_once(self) -> None:
        """Start again what died, when its time has come."""
        now = time.monotonic()
        for service in self.services:
            status = service.bury()
            if status is not None and service.failures <= 3:
                self.tell(self._obituary(service, status))
            if service.child is None and service.start_at <= now:
                service.ensure()
        if now - self.logs_seen > LOGS_SEEN_EVERY:
            self.logs_seen = now
            for service in self.services:
                shorten_log(service.log)

    def _obituary(self, service: Service, status: int) -> str:
        how = gettext("ended with status {status}: “{words}”")
        if status < 0:
            how = gettext("was killed by {signal}")
        told = how.format(
            status=status, words=service.last_words()[:200], signal=signal.Signals(-status).name if status < 0 else ""
        )
        again = gettext("it is started again (its log: {log}).").format(log=service.log)
        return f"{service.name} {told}; {again}"

    def watch(self) -> None:
        """Watch until the end is asked for."""
        while not self.interruptions.asked:
            self.watch_once()
            waiting = [service.start_at - time.monotonic() for service in self.services if service.child is None]
            self.interruptions.wait(min([1.0, *waiting]))

    def stop(self) -> None:
        """End all in the reverse order of the groups: first the processes, then the servers that they use."""
        servers = [service for service in self.services if service.name in ("postgres", "valkey")]
        processes = [service for service in self.services if service not in servers]
        for group in (processes, servers):
            end_children([(s.child, s.stop_signal, s.stop_seconds) for s in group if s.child is not None])
            for service in group:
                service.child = None


def shorten_log(log: Path) -> None:
    """Put a log that has grown long aside as `.1`; the process goes on writing to the emptied file."""
    with contextlib.suppress(FileNotFoundError):
        if log.stat().st_size > LONGEST_LOG:
            shutil.copyfile(log, log.with_name(log.name + ".1"))
            with log.open("r+b") as file:
                file.truncate(0)
