"""Real processes on servers of their own, to be killed at named lines and at any moment."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2
import psycopg
import pytest
import redis

from config.stack.children import end_children
from config.stack.servers import VALKEY_STOP, start_valkey
from tests.support.servers import Servers, throwaway_servers
from tests.support.stack import ALL, ProcessStack, running_stack

ROOT = Path(__file__).resolve().parents[2]
PATIENCE_SECONDS = 60.0


@dataclass(frozen=True)
class Installation:
    """Charla's processes, the servers behind them, and the folder that says where to die."""

    stack: ProcessStack
    servers: Servers
    crash_points: Path
    brokers: list["subprocess.Popen[bytes]"] = field(default_factory=list)

    def crash_at(self, name: str) -> None:
        """Let the next process that comes to this line die there."""
        (self.crash_points / name).touch()

    def rows(self, query: str, *arguments: object) -> list[tuple[Any, ...]]:
        """Ask the database as the operations role."""
        with psycopg.connect(self.servers.environment["DATABASE_OPERATIONS_URL"], autocommit=True) as connection:
            return connection.execute(query, arguments).fetchall()

    @contextmanager
    def without_broker(self) -> Iterator[None]:
        """Take Valkey away; a new, empty one comes afterwards."""
        with redis.Redis.from_url(self.servers.valkey.url) as client:
            client.shutdown(nosave=True)
        try:
            yield
        finally:
            self.brokers.append(start_valkey(self.servers.valkey))

    def empty_broker(self) -> None:
        """Make Valkey forget everything."""
        with redis.Redis.from_url(self.servers.valkey.url) as client:
            client.flushall()

    def mend(self) -> None:
        """Start whatever does not run, as the supervisor would."""
        for name in ALL:
            self.stack.launch(name)  # all of them first: web is ready only beside a worker
        for name in ALL:
            self.stack.start(name)


def eventually(holds: Callable[[], bool], what: str) -> None:
    """Wait until something holds."""
    until = time.monotonic() + PATIENCE_SECONDS
    while not holds():
        assert time.monotonic() < until, f"not in {PATIENCE_SECONDS} s: {what}"
        time.sleep(0.05)


class Person:
    """Somebody who writes through the widget's API, and tries again when the connection breaks."""

    def __init__(self, installation: Installation) -> None:
        self.installation = installation
        ((key,),) = installation.rows("SELECT publishable_key FROM chats_channel LIMIT 1")
        self.client = httpx2.Client(base_url=installation.stack.url, timeout=10)
        session = self.client.post("/api/v1/widget/sessions/", json={"key": key, "locale": "en"})
        assert session.status_code == 201, session.text
        self.client.headers["Authorization"] = f"Bearer {session.json()['token']}"
        self.chat_id = session.json()["chat"]["chat_id"]
        self.path = f"/api/v1/chats/{self.chat_id}/messages/"

    def say(self, content: str, client_message_id: str) -> httpx2.Response:
        """Send one message once."""
        return self.client.post(self.path, json={"content": content, "client_message_id": client_message_id})

    def messages(self) -> list[dict[str, Any]]:
        """Return the conversation."""
        results: list[dict[str, Any]] = self.client.get(self.path).json()["results"]
        return results

    def is_answered_once(self) -> bool:
        """Tell whether one question has one answer, and nothing is left to do."""
        (waiting,) = self.installation.rows(
            "SELECT count(*) FROM tenants_workitem w JOIN chats_chatmodel c ON c.id = w.conversation"
            " WHERE c.chat_id = %s AND w.state IN ('ready', 'leased')",
            self.chat_id,
        )
        return waiting == (0,) and [message["sender"] for message in self.messages()] == ["user", "agent"]

    def is_answered_to_the_end(self) -> bool:
        """Tell whether the last thing said was answered, and nothing is left to do."""
        waiting = self.installation.rows(
            "SELECT count(*) FILTER (WHERE w.state IN ('ready', 'leased')), min(c.last_sequence - c.answered_sequence)"
            " FROM chats_chatmodel c LEFT JOIN tenants_workitem w ON c.id = w.conversation WHERE c.chat_id = %s",
            self.chat_id,
        )
        return waiting == [(0, 1)]  # the answer itself is the one message more


@pytest.fixture(scope="module")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """A running installation with the demo tenant."""
    folder = tmp_path_factory.mktemp("crash")
    crash_points = tmp_path_factory.mktemp("points")
    with throwaway_servers(migrated=True) as servers:
        env = {**os.environ, **servers.environment, "CHARLA_DATA_DIR": str(folder)}
        prepare = [sys.executable, "-m", "config.stack.prepare", str(folder / "prepared.json")]
        subprocess.run(prepare, env=env, cwd=ROOT, check=True, timeout=120)
        points = {"CHARLA_CRASH_POINTS": str(crash_points)}
        with running_stack(folder=folder, urls=servers.environment, env=points) as stack:
            made = Installation(stack, servers, crash_points)
            try:
                yield made
            finally:
                end_children([(broker, *VALKEY_STOP) for broker in made.brokers])


@pytest.fixture
def person(installation: Installation) -> Iterator[Person]:
    """Somebody at the widget of an installation of which everything runs."""
    installation.mend()
    somebody = Person(installation)
    yield somebody
    somebody.client.close()
