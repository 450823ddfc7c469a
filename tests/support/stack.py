"""Charla's real processes against a given database and broker, to be killed and started again by tests."""

import os
import signal
import socket
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from config.stack.children import end_children
from config.stack.folder import DataFolder
from config.stack.processes import sweeper, web, worker
from config.stack.run import answers_ready
from config.stack.supervisor import Service

READY_SECONDS = 60.0
WORKER_READY = b" ready."
ALL = ("web", "worker", "sweeper")


class ProcessStack:
    """Running processes by name; nothing starts them again but `restart`."""

    def __init__(self, services: dict[str, Service], port: int) -> None:
        self.services, self.port = services, port
        self.log_marks: dict[str, int] = {}
        self.url, self.ws_url = f"http://127.0.0.1:{port}", f"ws://127.0.0.1:{port}"

    @property
    def pids(self) -> dict[str, int]:
        """The process id of each process that was started and not killed."""
        return {name: service.child.pid for name, service in self.services.items() if service.child}

    def alive(self, name: str) -> bool:
        """Tell whether a process runs (it may have killed itself at a crash point)."""
        child = self.services[name].child
        return child is not None and child.poll() is None

    def log(self, name: str) -> str:
        """Return all that a process has written, over its restarts too."""
        path = self.services[name].log
        return path.read_text(errors="replace") if path.exists() else ""

    def kill(self, name: str) -> None:
        """End a process with SIGKILL and wait until it is gone."""
        child = self.services[name].child
        if child is not None:
            end_children([(child, signal.SIGKILL, 10.0)])
            self.services[name].child = None

    def launch(self, name: str) -> None:
        """Start a process that does not run, without waiting for it."""
        service = self.services[name]
        if not self.alive(name):
            self.kill(name)  # buries what killed itself
            self.log_marks[name] = service.log.stat().st_size if service.log.exists() else 0
            service.ensure()

    def start(self, name: str) -> None:
        """Start a process that does not run, and wait until it is ready."""
        self.launch(name)
        service, mark = self.services[name], self.log_marks[name]
        if name == "web":
            self.wait_for(lambda: answers_ready(("127.0.0.1", self.port)), "web's /readyz", name)
        if name == "worker":
            self.wait_for(lambda: WORKER_READY in service.log.read_bytes()[mark:], "the worker", name)

    def restart(self, name: str) -> None:
        """Kill a process and start it again."""
        self.kill(name)
        self.start(name)

    def wait_dead(self, name: str, seconds: float = READY_SECONDS) -> None:
        """Wait until a process ended by itself, as at a crash point."""
        until = time.monotonic() + seconds
        while self.alive(name):
            assert time.monotonic() < until, f"{name} still runs after {seconds} s:\n{self.log(name)[-4000:]}"
            time.sleep(0.02)

    def wait_for(self, reached: Callable[[], bool], what: str, name: str) -> None:
        """Wait until a condition holds; fail with the process's log when it ends before or takes too long."""
        until = time.monotonic() + READY_SECONDS
        while not reached():
            assert self.alive(name), f"{name} ended before {what} was ready:\n{self.log(name)[-4000:]}"
            assert time.monotonic() < until, f"{what} was not ready in time:\n{self.log(name)[-4000:]}"
            time.sleep(0.05)


@contextmanager
def running_stack(
    *,
    folder: Path,
    urls: Mapping[str, str],
    env: Mapping[str, str] | None = None,
    processes: tuple[str, ...] = ALL,
) -> Iterator[ProcessStack]:
    """Start the named processes, yield them when ready, end them all.

    `urls` holds DATABASE_URL, DATABASE_OPERATIONS_URL and REDIS_URL; `folder` becomes the data folder, with `logs` in
    it; `env` comes on top, for instance CHARLA_CRASH_POINTS. Processes left out can be started later by `start`.
    """
    data, port = DataFolder(folder), free_port()
    data.open()
    inherited = {name: value for name, value in os.environ.items() if name != "DATABASE_OWNER_URL"}
    used = {**inherited, **urls, "CHARLA_DATA_DIR": str(folder), "PYTHONUNBUFFERED": "1", **(env or {})}
    made = (web(data, used, "127.0.0.1", port), worker(data, used), sweeper(data, used))
    stack = ProcessStack({service.name: service for service in made}, port)
    try:
        for name in processes:
            stack.launch(name)  # all at once: they load side by side
        for name in processes:
            stack.start(name)
        yield stack
    finally:
        end_children([(s.child, s.stop_signal, s.stop_seconds) for s in made if s.child is not None])


def free_port() -> int:
    """Return a port of the loopback interface that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
