"""Charla's own processes: their command lines and their environment."""

import socket
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
    "--no-proxy-headers",  # whose headers are believed is settled in one place: tenants/client_address.py
    *("--no-access-log", "--log-level", "warning", "--timeout-graceful-shutdown", "5"),
)
WORKER = (
    *("celery", "-A", "config", "worker", "--pool", "threads", "--concurrency", str(WORKER_THREADS)),
    *("--queues", "messages,replies,bulk,messages.crowded,replies.crowded,bulk.crowded", "--loglevel", "INFO"),
    *("--without-gossip", "--without-mingle", "--without-heartbeat"),
)


def web(folder: DataFolder, env: dict[str, str], host: str, port: int) -> Service:
    """Describe the web server (HTTP and WebSocket)."""
    return _web("web", ["--host", host, "--port", str(port)], folder, env)


def webs(folder: DataFolder, env: dict[str, str], listener: socket.socket, count: int) -> list[Service]:
    """Describe several that share a listening socket: what one does not take any more, another does."""
    shared = listener.fileno()
    return [_web(_numbered("web", n), ["--fd", str(shared)], folder, env, shared) for n in range(1, count + 1)]


def worker(folder: DataFolder, env: dict[str, str], number: int = 1) -> Service:
    """Describe a worker of all queues."""
    name = _numbered("worker", number)
    command = ["-m", *WORKER, "--hostname", f"{name}@%h"]  # its own on each machine
    return _service(name, command, folder, {**env, "DATABASE_POOL_SIZE": str(WORKER_THREADS + 2)})


def sweeper(folder: DataFolder, env: dict[str, str]) -> Service:
    """Describe the sweeper."""
    return _service("sweeper", [str(PROJECT / "manage.py"), "sweep"], folder, env)


def python(*arguments: str) -> list[str]:
    """Return the command that runs a module or script with this Python."""
    return [sys.executable, *arguments]


def _web(name: str, listening: list[str], folder: DataFolder, env: dict[str, str], *fds: int) -> Service:
    pooled = {**env, "DATABASE_POOL_SIZE": str(WEB_CONNECTIONS)}
    return _service(name, ["-m", *WEB, *listening], folder, pooled, *fds)


def _numbered(name: str, number: int) -> str:
    return name if number == 1 else f"{name}-{number}"


def _service(name: str, command: list[str], folder: DataFolder, env: dict[str, str], *fds: int) -> Service:
    log: Path = folder.logs / f"{name}.log"
    named = {**env, "CHARLA_PROCESS": f"charla-{name}"}
    return Service(name, log, lambda: start_child(python(*command), log=log, env=named, cwd=PROJECT, pass_fds=fds))
