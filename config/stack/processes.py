"""Charla's own processes: their command lines and their environment."""

import sys
from pathlib import Path

from config.stack.children import start_child
from config.stack.discovery import PROJECT
from config.stack.folder import DataFolder
from config.stack.supervisor import Service

WEB_CONNECTIONS = 12
WORKER_THREADS = 12
WEB = (
    *("uvicorn", "config.asgi:application", "--ws", "websockets-sansio", "--ws-per-message-deflate", "false"),
    *("--no-access-log", "--log-level", "warning", "--timeout-graceful-shutdown", "5"),
)
WORKER = (
    *("celery", "-A", "config", "worker", "--pool", "threads", "--concurrency", str(WORKER_THREADS)),
    *("--queues", "messages,replies,bulk", "--hostname", "worker@charla", "--loglevel", "INFO"),
    *("--without-gossip", "--without-mingle", "--without-heartbeat"),
)


def web(folder: DataFolder, env: dict[str, str], host: str, port: int) -> Service:
    """Describe the web server (HTTP and WebSocket)."""
    command = ["-m", *WEB, "--host", host, "--port", str(port)]
    return _service("web", command, folder, {**env, "DATABASE_POOL_SIZE": str(WEB_CONNECTIONS)})


def worker(folder: DataFolder, env: dict[str, str]) -> Service:
    """Describe the worker of all queues."""
    return _service("worker", ["-m", *WORKER], folder, {**env, "DATABASE_POOL_SIZE": str(WORKER_THREADS + 2)})


def sweeper(folder: DataFolder, env: dict[str, str]) -> Service:
    """Describe the sweeper."""
    return _service("sweeper", [str(PROJECT / "manage.py"), "sweep"], folder, env)


def python(*arguments: str) -> list[str]:
    """Return the command that runs a module or script with this Python."""
    return [sys.executable, *arguments]


def _service(name: str, command: list[str], folder: DataFolder, env: dict[str, str]) -> Service:
    log: Path = folder.logs / f"{name}.log"
    named = {**env, "CHARLA_PROCESS": f"charla-{name}"}
    return Service(name, log, lambda: start_child(python(*command), log=log, env=named, cwd=PROJECT))
