"""A throw-away installation, started and watched by the very code of bin/run, whose processes can be killed."""

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import psycopg
import redis

from config.stack.box import Teller
from config.stack.embedded import EmbeddedServers
from config.stack.folder import DataFolder
from config.stack.interruptions import Interruptions
from config.stack.options import Options
from config.stack.run import Stack
from config.stack.supervisor import Service, Supervisor
from config.stack.urls import DatabaseUrls
from tests.support.stack import free_port

ROOT: Final = Path(__file__).resolve().parents[2]


class SilentTeller(Teller):
    """Says nothing: the trial has its own report."""

    def say(self, text: str, style: str = "") -> None:
        """Keep quiet."""

    def box(self, *arguments: Any) -> None:
        """Keep quiet."""


class TrialStack(Stack):
    """bin/run's stack with servers of its own, whatever the environment names."""

    home: Path | None = None

    def start_servers(self) -> tuple[DatabaseUrls, str]:
        """Start both servers; a commit is on the disk when it is told."""
        servers = EmbeddedServers(self.folder, self.supervisor, self.interruptions.pause)
        self.home = servers.home.path
        return servers.start_postgres(), servers.start_valkey()


@dataclass(frozen=True)
class Tenant:
    """A tenant of the trial: what its widget and its programs come in with."""

    name: str
    key: str
    secret: str


@dataclass
class Installation:
    """The running processes; `watch` must be called often: it is what starts them again."""

    folder: Path
    supervisor: Supervisor
    port: int
    urls: DatabaseUrls
    redis_url: str
    tenants: list[Tenant] = field(default_factory=list)
    listener: socket.socket | None = None

    @property
    def url(self) -> str:
        """Where web listens."""
        return f"http://127.0.0.1:{self.port}"

    def service(self, name: str) -> Service:
        """Return one of web, web-2, worker, worker-2, sweeper, postgres, valkey."""
        return next(service for service in self.supervisor.services if service.name == name)

    def watch(self, seconds: float = 0.02) -> None:
        """Start again what died, then wait a moment."""
        self.supervisor.watch_once()
        time.sleep(seconds)

    def kill(self, name: str, *, away: float = 0.0) -> None:
        """Send SIGKILL; the supervisor starts the process again, after `away` seconds when they are given."""
        service = self.service(name)
        while service.child is None:
            self.watch()
        service.child.kill()
        if away:
            service.child.wait()
            service.bury()
            service.start_at = time.monotonic() + away

    def flush(self) -> None:
        """Let Valkey forget everything; one that is away has nothing."""
        with contextlib.suppress(redis.RedisError), redis.Redis.from_url(self.redis_url, socket_timeout=5) as client:
            client.flushall()

    def rows(self, query: str, *arguments: object) -> list[tuple[Any, ...]]:
        """Ask the database as the operations role, which sees all tenants."""
        with psycopg.connect(self.urls.operations, autocommit=True, connect_timeout=5) as connection:
            return connection.execute(query, arguments).fetchall()


@contextmanager
def installation(
    tenants: int, settings: dict[str, Any], *, env: dict[str, str] | None = None, model_url: str = ""
) -> Iterator[Installation]:
    """Start servers and processes, make tenants; end all of it and remove the folder, unless the block failed.

    The tenants' agents answer by the model at `model_url`, or by the built-in one.

    Must be entered in the main thread: the kernel ends the processes with the thread that started them.
    """
    folder = DataFolder(Path(tempfile.mkdtemp(prefix="charla-chaos-")))
    supervisor = Supervisor(Interruptions(), lambda text: None)
    options = Options("127.0.0.1", free_port(), folder.root, demo=False, processes=2)
    stack = TrialStack(options, folder, SilentTeller(), supervisor)
    kept = dict(os.environ)
    try:
        with folder_open(folder):
            os.environ.update({"LOG_LEVEL": "WARNING", **(env or {})})
            urls, redis_url = stack.start_servers()
            shared = stack.environment(redis_url)
            stack.prepare({**shared, **urls.environment()})
            running = Installation(folder.root, supervisor, options.port, urls, redis_url)
            running.tenants = make_tenants(folder, {**shared, **urls.environment()}, tenants, settings, model_url)
            stack.start_processes(shared, urls)
            running.listener = stack.listener
            yield running
    finally:
        os.environ.clear()
        os.environ.update(kept)
        supervisor.stop()
        if stack.listener is not None:
            stack.listener.close()
        if stack.home:
            shutil.rmtree(stack.home, ignore_errors=True)
    shutil.rmtree(folder.root, ignore_errors=True)


@contextmanager
def folder_open(folder: DataFolder) -> Iterator[None]:
    """Hold the data folder as bin/run does."""
    folder.open()
    with folder.lock():
        yield


def make_tenants(
    folder: DataFolder, env: dict[str, str], count: int, settings: dict[str, Any], model_url: str
) -> list[Tenant]:
    """Make the tenants by a process of their own: this one's Django knows another database, or none."""
    result = folder.root / "tenants.json"
    command = [sys.executable, "-m", "tests.chaos.tenants", str(result), str(count), json.dumps(settings), model_url]
    with (folder.logs / "tenants.log").open("wb") as log:
        subprocess.run(command, env=env, cwd=ROOT, check=True, timeout=300, stdout=log, stderr=log)
    return [Tenant(**tenant) for tenant in json.loads(result.read_text(encoding="utf-8"))]


def end_at_once(number: signal.Signals = signal.SIGTERM) -> None:
    """Let a request to end reach the `finally` above."""
    signal.signal(number, signal.default_int_handler)
