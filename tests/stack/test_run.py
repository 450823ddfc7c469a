"""bin/run as a person uses it: started, killed, stopped, started again."""

import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil
import psycopg
import pytest

from config.stack.children import start_child
from tests.support.stack import free_port

pytestmark = pytest.mark.stack
ROOT = Path(__file__).resolve().parents[2]
START_SECONDS = 180.0
OWN_SERVERS = ("DATABASE_URL", "DATABASE_OPERATIONS_URL", "DATABASE_OWNER_URL", "REDIS_URL", "SECRET_KEY")
PROCESSES = {
    "web": "uvicorn",
    "worker": "celery",
    "sweeper": "sweep",
    "postgres": "postgres",
    "valkey": "valkey-server",
}


class Run:
    """One running bin/run (without the look at .venv, which the suite uses itself)."""

    def __init__(self, data: Path, *options: str, env: dict[str, str] | None = None, port: int = 0) -> None:
        self.data, self.port, self.output = data, port or free_port(), data.with_suffix(".out")
        inherited = {name: value for name, value in os.environ.items() if name not in OWN_SERVERS}
        command = [sys.executable, str(ROOT / "manage.py"), "runstack", "--data-dir", str(data), *options]
        self.process = start_child(
            [*command, "--port", str(self.port)],
            log=self.output,
            env={**inherited, **(env or {}), "COLUMNS": "200"},
            when_orphaned=signal.SIGTERM,
            cwd=Path("/"),
        )

    @property
    def text(self) -> str:
        """All that was printed."""
        return self.output.read_text(errors="replace")

    def ready(self) -> bool:
        """Tell whether /readyz answers 200."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/readyz", timeout=5) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False

    def wait(self, reached: Callable[[], bool]) -> None:
        """Wait until something is so; fail with what was printed."""
        until = time.monotonic() + START_SECONDS
        while not reached():
            assert self.process.poll() is None, self.text
            assert time.monotonic() < until, self.text
            time.sleep(0.1)

    def child(self, name: str) -> psutil.Process | None:
        """Return the process of a service, by the word in its command line."""
        return next(iter(self.children(name)), None)

    def children(self, name: str) -> list[psutil.Process]:
        """Return all running processes of a service; one may end while it is looked at."""
        found = []
        for one in psutil.Process(self.process.pid).children():
            with suppress(psutil.NoSuchProcess):  # a zombie is one of these, too
                if PROCESSES[name] in " ".join(one.cmdline()):
                    found.append(one)
        return found

    def family(self) -> list[psutil.Process]:
        """Return all processes below the supervisor."""
        return list(psutil.Process(self.process.pid).children(recursive=True))

    def end(self, number: signal.Signals = signal.SIGINT) -> list[psutil.Process]:
        """End the supervisor by a signal; return those of its processes that are still there a moment later."""
        if self.process.poll() is not None:
            return []
        family = self.family()
        self.process.send_signal(number)
        self.process.wait(60)
        _, left = psutil.wait_procs(family, timeout=10)
        return list(left)

    def environment(self) -> dict[str, str]:
        """Return what manage.py would find."""
        found: dict[str, str] = json.loads((self.data / "state.json").read_text())["environment"]
        return found


@contextmanager
def running(data: Path, *options: str, env: dict[str, str] | None = None) -> Iterator[Run]:
    """Start, wait for the box, and end whatever is left."""
    run = Run(data, *options, env=env)
    try:
        run.wait(run.ready)
        run.wait(lambda: "Ctrl-C" in run.text)
        yield run
    finally:
        run.end(signal.SIGKILL)


@pytest.fixture(scope="module")
def run(data_home: Path) -> Iterator[Run]:
    """A stack that several tests use, with a first log-in of its own."""
    login = {"CHARLA_ADMIN_EMAIL": "Boss@example.org", "CHARLA_ADMIN_PASSWORD": "a-good-password-1"}
    with running(data_home / "shared", env=login) as it:
        yield it


def log_in(run: Run, email: str, password: str) -> int:
    """Log in by the API; return the status."""
    body = json.dumps({"email": email, "password": password}).encode()
    url = f"http://127.0.0.1:{run.port}/api/v1/auth/login/"
    request = urllib.request.Request(url, data=body, headers={"Content-Type": "application/json"})
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code


def manage(data: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a command of manage.py beside what runs with a data folder."""
    inherited = {name: value for name, value in os.environ.items() if name not in OWN_SERVERS}
    return subprocess.run(
        [sys.executable, str(ROOT / "manage.py"), *arguments],
        env={**inherited, "CHARLA_DATA_DIR": str(data)},
        check=False,
        capture_output=True,
        text=True,
        cwd="/",
    )


def test_the_first_login_is_the_one_from_the_environment(run: Run) -> None:
    assert log_in(run, "boss@example.org", "a-good-password-1") == 200
    assert "as in CHARLA_ADMIN_PASSWORD" in run.text


def test_the_front_page_is_there(run: Run) -> None:
    with urllib.request.urlopen(f"http://127.0.0.1:{run.port}/", timeout=10) as answer:
        assert b"charla-widget" in answer.read()


@pytest.mark.parametrize("name", list(PROCESSES))
def test_whatever_is_killed_comes_back(run: Run, name: str) -> None:
    killed = run.child(name)
    assert killed is not None
    killed.kill()

    def is_back() -> bool:
        successor = run.child(name)
        return successor is not None and successor.pid != killed.pid and run.ready()

    run.wait(is_back)


def test_no_process_but_the_preparation_knows_the_owner(run: Run) -> None:
    run.wait(lambda: all(run.child(name) for name in PROCESSES))
    for name in PROCESSES:
        child = run.child(name)
        assert child is not None
        assert "DATABASE_OWNER_URL" not in child.environ()


def test_a_second_start_on_the_same_folder_says_so(run: Run) -> None:
    second = Run(run.data)
    assert second.process.wait(30) == 1
    assert "runs already with the data folder" in second.text
    assert "Traceback" not in second.text


def test_the_port_in_use_is_said(run: Run, data_home: Path) -> None:
    second = Run(data_home / "other", port=run.port)
    assert second.process.wait(30) == 1
    assert f"Port {run.port} on 127.0.0.1 cannot be used" in second.text


def test_manage_py_beside_it_finds_its_servers(run: Run) -> None:
    said = manage(run.data, "showmigrations", "tenants")
    assert "[X] 0001_initial" in said.stdout, said.stderr


def test_the_servers_alone_let_manage_py_work_on_a_database_that_this_version_does_not_serve(data_home: Path) -> None:
    run = Run(data_home / "servers-alone", "--servers-only", port=free_port())
    try:
        run.wait(lambda: "Ctrl-C" in run.text)
        assert {one.name() for one in run.family() if one.ppid() == run.process.pid} == {"postgres", "valkey-server"}
        said = manage(run.data, "showmigrations", "tenants")
        assert "[ ] 0001_initial" in said.stdout, said.stderr
        assert run.end() == []
    finally:
        run.end(signal.SIGKILL)


@pytest.fixture(scope="module")
def prepared(data_home: Path) -> Path:
    """A data folder that was started once, without a demo: preparing a new one takes longer than all else here."""
    with running(data_home / "prepared", "--no-demo") as first:
        assert "shown only this once" in first.text
    return first.data


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_no_process_is_left_and_the_next_start_keeps_the_data(prepared: Path, number: signal.Signals) -> None:
    table = f"kept_{number.name}"
    with running(prepared, "--no-demo") as first:
        with psycopg.connect(first.environment()["DATABASE_OWNER_URL"]) as owner:
            owner.execute(f"CREATE TABLE {table} (word text)")
            owner.execute(f"INSERT INTO {table} VALUES ('still here')")
        assert first.end(number) == []
    with running(prepared, "--no-demo") as second:
        with psycopg.connect(second.environment()["DATABASE_OWNER_URL"]) as owner:
            assert owner.execute(f"SELECT word FROM {table}").fetchall() == [("still here",)]
        assert second.text.count("shown only this once") == 1


def test_a_generated_password_opens_the_door_and_no_demo_means_none(prepared: Path) -> None:
    with running(prepared, "--no-demo") as run:
        password = run.text.partition("Password")[2].split()[0]
        assert log_in(run, "admin@example.com", password) == 200
        with psycopg.connect(run.environment()["DATABASE_URL"]) as app:
            assert app.execute("SELECT count(*) FROM tenants_tenantmodel WHERE name = 'demo'").fetchone() == (0,)


def test_of_two_processes_of_a_kind_one_goes_on_while_the_other_is_started_again(prepared: Path) -> None:
    with running(prepared, "--no-demo", "--processes", "2") as run:
        run.wait(lambda: [len(run.children(name)) for name in ("web", "worker")] == [2, 2])
        for name in ("web", "worker"):
            run.children(name)[0].kill()
        for _request in range(20):
            with urllib.request.urlopen(f"http://127.0.0.1:{run.port}/healthz", timeout=2) as answer:
                assert answer.status == 200
        run.wait(run.ready)
        run.wait(lambda: [len(run.children(name)) for name in ("web", "worker")] == [2, 2])
        assert run.end() == []


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_start_that_is_broken_off_leaves_no_process_either(data_home: Path, number: signal.Signals) -> None:
    first = Run(data_home / f"broken-off-by-{number.name}")
    first.wait(lambda: "Preparing the database" in first.text)
    assert first.end(number) == []
    assert first.process.wait() == 0
