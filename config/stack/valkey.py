"""A Valkey server of our own for broker, channels and cache: in memory alone, it may be emptied at any time."""

import signal
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import redis

from config.stack.account import Account
from config.stack.binaries import Binaries
from config.stack.children import start_child

START_SECONDS = 15.0


@dataclass(frozen=True)
class Valkey:
    """One server: its program, user, socket folder and log."""

    binaries: Binaries
    account: Account
    sockets: Path
    log: Path

    @property
    def socket(self) -> Path:
        """The server's socket."""
        return self.sockets / "valkey.sock"

    @property
    def url(self) -> str:
        """The server's URL as redis-py reads it."""
        return f"unix://{self.socket}?db=0"

    def start(self, env: dict[str, str]) -> subprocess.Popen[bytes]:
        """Start the server as a child of this process."""
        settings = {
            "port": "0",
            "unixsocket": str(self.socket),
            "unixsocketperm": "700",
            "save": "",
            "appendonly": "no",
            "dir": str(self.sockets),
            # Only what has an end of its own (the cache) gives way; queues are never thrown out for it.
            "maxmemory": "256mb",
            "maxmemory-policy": "volatile-lru",
        }
        options = [part for name, value in settings.items() for part in (f"--{name}", value)]
        return start_child(
            [str(self.binaries.valkey), *options],
            log=self.log,
            env=env,
            account=self.account,
            when_orphaned=signal.SIGTERM,
            cwd=Path("/"),
        )

    def wait_ready(self, child: subprocess.Popen[bytes], pause: Callable[[float], None]) -> bool:
        """Wait until the server answers; False when it ended or took too long."""
        until = time.monotonic() + START_SECONDS
        while time.monotonic() < until and child.poll() is None:
            if answers(self.url):
                return True
            pause(0.02)
        return False


def answers(url: str) -> bool:
    """Tell whether a server answers at the URL."""
    try:
        client = redis.Redis.from_url(url, socket_connect_timeout=2, socket_timeout=2)
        try:
            return bool(client.ping())
        finally:
            client.close()
    except redis.RedisError:
        return False
