"""The services of docker-compose.yml outside of containers: their command lines, in the environment given there."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest
import yaml

from config.stack.children import end_children, start_child
from config.stack.postgres import SUPERUSER
from tests.support.servers import Servers, throwaway_servers
from tests.support.stack import free_port

pytestmark = pytest.mark.stack
ROOT = Path(__file__).resolve().parents[2]
SERVICES: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))["services"]
VARIABLE = re.compile(r"\$\{([A-Z0-9_]+)(?::[-?]([^}]*))?\}")
DOT_ENV = {
    "CHARLA_DOMAIN": "charla.example.org",
    "SECRET_KEY": "a-secret-of-the-composed-services-0123456789-0123456789",
    "CHARLA_ENCRYPTION_KEYS": "k1:YS1zZWNyZXQtb2YtdGhlLWNvbXBvc2VkLXNlcnZpY2VzLTAxMjM0NTY3ODk",
    "CHARLA_ADMIN_EMAIL": "boss@example.org",
    "CHARLA_ADMIN_PASSWORD": "a-good-password-1",
    "EMAIL_FROM": "Charla <charla@localhost>",
    "LANGUAGE_CODE": "en",
}
START_SECONDS = 60.0


def filled(text: str) -> str:
    """Return a text with compose's variables filled in: from .env, else by their default."""
    return VARIABLE.sub(lambda found: DOT_ENV.get(found[1], found[2] or ""), text)


@pytest.fixture(scope="module")
def servers() -> Iterator[Servers]:
    """PostgreSQL as the migrations left it, and Valkey."""
    with throwaway_servers(migrated=True) as running:
        yield running


class Composed:
    """What would be in the containers: their environment and what is started in it."""

    def __init__(self, servers: Servers, folder: Path) -> None:
        self.servers, self.folder = servers, folder

    def environment(self, name: str) -> dict[str, str]:
        """Return what a service is given, with our servers' addresses and our folders in the place of its own."""
        given = {variable: filled(str(value)) for variable, value in SERVICES[name]["environment"].items()}
        addresses = {**self.servers.environment, "BACKUP_DIRECTORY": str(self.folder / "backups")}
        addresses["DATABASE_SUPERUSER_URL"] = self.servers.postgres.url(SUPERUSER, "postgres")
        moved = {variable: addresses[variable] for variable in given if variable.startswith(("DATABASE_", "BACKUP_D"))
                 and variable in addresses}  # fmt: skip
        image = {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}", "CHARLA_DATA_DIR": str(self.folder)}
        return {**image, **given, **moved, "REDIS_URL": self.servers.environment["REDIS_URL"]}

    def command(self, words: list[str], port: int = 8000) -> list[str]:
        """Return a command line of a service, with its folder and its port in the place of the container's."""
        return [filled(word).replace("/data/", f"{self.folder}/").replace("8000", str(port)) for word in words]

    @contextmanager
    def running(self, name: str, port: int = 8000) -> Iterator[tuple[subprocess.Popen[bytes], Path]]:
        """Run a service; yield it and its log."""
        log, command = self.folder / f"{name}.log", self.command(SERVICES[name]["command"], port)
        child = start_child(command, log=log, env=self.environment(name), cwd=ROOT, when_orphaned=signal.SIGTERM)
        try:
            yield child, log
        finally:
            end_children([(child, signal.SIGTERM, 10.0)])


@pytest.fixture(scope="module")
def composed(servers: Servers, tmp_path_factory: pytest.TempPathFactory) -> Composed:
    """Roles, tables and first log-in, as the service `prepare` makes them."""
    made = Composed(servers, tmp_path_factory.mktemp("composed"))
    with made.running("prepare") as (child, log):
        assert child.wait(120) == 0, log.read_text()
    return made


def wait(child: subprocess.Popen[bytes], log: Path, reached: Callable[[], bool]) -> None:
    """Wait until something is so; fail with the log when the process ends before or it takes too long."""
    until = time.monotonic() + START_SECONDS
    while not reached():
        assert child.poll() is None, log.read_text()
        assert time.monotonic() < until, log.read_text()
        time.sleep(0.3)


@pytest.mark.parametrize("name", ["web-http", "web-ws"])
def test_a_web_server_becomes_healthy_by_its_own_check(composed: Composed, name: str) -> None:
    port, (_cmd, *check) = free_port(), SERVICES[name]["healthcheck"]["test"]
    asked = composed.command(check, port)

    def is_healthy() -> bool:
        return subprocess.run(asked, env=composed.environment(name), check=False, capture_output=True).returncode == 0

    with composed.running(name, port) as (child, log):
        wait(child, log, is_healthy)
    assert "Traceback" not in log.read_text()


def test_a_worker_becomes_ready(composed: Composed) -> None:
    with composed.running("worker") as (child, log):
        wait(child, log, lambda: " ready." in log.read_text())
    assert "Traceback" not in log.read_text()


def test_the_sweeper_runs(composed: Composed) -> None:
    with composed.running("sweeper") as (child, log), pytest.raises(subprocess.TimeoutExpired):
        child.wait(5)
    assert "Traceback" not in log.read_text()


@pytest.mark.parametrize("name", ["worker", "sweeper"])
def test_beside_tables_of_another_version_nothing_starts_and_the_log_says_what_to_do(
    composed: Composed, name: str
) -> None:
    with psycopg.connect(composed.servers.environment["DATABASE_OWNER_URL"], autocommit=True) as owner:
        owner.execute("INSERT INTO django_migrations (app, name, applied) VALUES ('chats', '9999_future', now())")
        try:
            with composed.running(name) as (child, log):
                assert child.wait(START_SECONDS) == 1
        finally:
            owner.execute("DELETE FROM django_migrations WHERE name = '9999_future'")
    assert "newer than this program (chats.9999_future)" in log.read_text()
