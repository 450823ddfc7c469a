"""The supervisor: what dies comes back, what is stopped stays away."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from config.stack.children import end_children, kill_group, start_child
from config.stack.interruptions import Interruptions
from config.stack.supervisor import LONGEST_LOG, Service, Supervisor, shorten_log


@pytest.fixture
def told() -> list[str]:
    """What the supervisor said."""
    return []


@pytest.fixture
def supervisor(told: list[str]) -> Iterator[Supervisor]:
    """A supervisor without services; whatever it starts ends with the test."""
    made = Supervisor(Interruptions(), told.append)
    yield made
    made.stop()


def service(folder: Path, script: str, name: str = "sample") -> Service:
    """Describe a process that runs a line of shell."""
    log = folder / f"{name}.log"
    return Service(name, log, lambda: start_child(["/bin/sh", "-c", script], log=log, env=dict(os.environ)))


def watch_until(supervisor: Supervisor, reached: Callable[[], bool]) -> None:
    """Let the supervisor watch until something is so."""
    until = time.monotonic() + 15
    while not reached():
        assert time.monotonic() < until
        supervisor.watch_once()
        time.sleep(0.02)


def test_a_killed_process_is_started_again(supervisor: Supervisor, told: list[str], tmp_path: Path) -> None:
    sample = service(tmp_path, "exec sleep 60")
    supervisor.services.append(sample)
    supervisor.watch_once()
    assert sample.child is not None
    first = sample.child.pid
    os.kill(first, signal.SIGKILL)
    watch_until(supervisor, lambda: sample.child is not None and sample.child.pid != first)
    assert told == [f"sample was killed by SIGKILL; it is started again (its log: {sample.log})."]


def test_the_last_words_of_a_failing_process_are_told(supervisor: Supervisor, told: list[str], tmp_path: Path) -> None:
    supervisor.services.append(service(tmp_path, "echo no such table >&2; exit 3"))
    watch_until(supervisor, lambda: bool(told))
    assert "ended with status 3: “no such table”" in told[0]


def test_a_process_that_keeps_failing_is_started_ever_more_slowly(supervisor: Supervisor, tmp_path: Path) -> None:
    sample = service(tmp_path, "exit 1")
    supervisor.services.append(sample)
    watch_until(supervisor, lambda: sample.failures == 4)
    assert sample.start_at - time.monotonic() > 1.0


def test_stopping_ends_the_whole_group_of_a_process(supervisor: Supervisor, tmp_path: Path) -> None:
    mark = f"60.{os.getpid()}"
    supervisor.services.append(service(tmp_path, f"trap '' TERM; sleep {mark} & sleep {mark}"))
    supervisor.services[0].stop_seconds = 0.2
    supervisor.watch_once()
    time.sleep(0.3)
    supervisor.stop()
    assert not [process for process in psutil.process_iter(["cmdline"]) if mark in (process.info["cmdline"] or [])]


def test_what_a_process_left_is_killed_but_never_who_has_its_number_now(tmp_path: Path) -> None:
    log, env = tmp_path / "log", dict(os.environ)
    parent = start_child(["sh", "-c", "sleep 60 & echo $!"], log=log, env=env)
    parent.wait(10)
    left = psutil.Process(int(log.read_text()))
    kill_group(parent)
    psutil.wait_procs([left], timeout=5)
    assert not left.is_running() or left.status() == psutil.STATUS_ZOMBIE
    stranger = start_child(["sleep", "60"], log=log, env=env)
    parent.pid = stranger.pid
    kill_group(parent)
    with pytest.raises(subprocess.TimeoutExpired):
        stranger.wait(0.2)
    end_children([(stranger, signal.SIGKILL, 5.0)])


def test_a_killed_parent_leaves_no_process_behind(tmp_path: Path) -> None:
    program = (
        "import os, sys, time; from pathlib import Path; from config.stack.children import start_child;"
        "child = start_child(['sleep', '60'], log=Path(sys.argv[1]), env=dict(os.environ));"
        "print(child.pid, flush=True); time.sleep(60)"
    )
    command = [sys.executable, "-c", program, str(tmp_path / "log")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        child = psutil.Process(int(parent.stdout.readline()))
        parent.kill()
    child.wait(5)


def test_a_long_log_is_put_aside_while_it_is_written(tmp_path: Path) -> None:
    log = tmp_path / "web.log"
    with log.open("ab") as writer:
        writer.truncate(LONGEST_LOG + 1)
        shorten_log(log)
        writer.write(b"after\n")
        writer.flush()
    assert log.read_bytes() == b"after\n"
    assert (tmp_path / "web.log.1").stat().st_size == LONGEST_LOG + 1
