"""Throw-away PostgreSQL and Valkey for the suite.

`python -m tests.support.servers COMMAND …` runs a command with their URLs in its environment, as bin/test does.
"""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

from config.stack.children import end_children
from config.stack.errors import StackError
from config.stack.folder import DataFolder
from config.stack.home import find_home
from config.stack.postgres import Postgres
from config.stack.servers import (
    POSTGRES_STOP,
    VALKEY_STOP,
    postgres_at,
    start_postgres,
    start_valkey,
    throwaway_environment,
    valkey_at,
)
from config.stack.valkey import Valkey
from tests.support.migrated import KEPT, lay_migrated

BROKE_DOWN = ("PANIC:", "terminating any other active server processes")


@dataclass(frozen=True)
class Servers:
    """Running servers, and the environment that leads to them."""

    postgres: Postgres
    valkey: Valkey
    environment: dict[str, str]


@contextmanager
def throwaway_servers(*, durable: bool = False, migrated: bool = False) -> Iterator[Servers]:
    """Start both servers in a temporary folder; end them and remove it afterwards.

    A `durable` PostgreSQL writes to the disk at each commit, as the real one does: for measuring. The database is
    empty, or `migrated` where the suite runs.
    """
    folder = DataFolder(Path(tempfile.mkdtemp(prefix="charla-test-")))
    started = []
    homes = [folder.root]
    try:
        folder.open()
        home = find_home(folder)
        homes.append(home.path)
        postgres, valkey = postgres_at(home, folder.logs, throwaway=not durable), valkey_at(home, folder.logs)
        if migrated:
            lay_migrated(postgres)
        started.append((start_valkey(valkey), *VALKEY_STOP))
        started.append((start_postgres(postgres), *POSTGRES_STOP))
        yield Servers(postgres, valkey, throwaway_environment(postgres, valkey, folder.root / "data"))
    finally:
        end_children(started)
        for used in homes:
            shutil.rmtree(used, ignore_errors=True)


def main(command: list[str]) -> int:
    """Run the command beside throw-away servers; return its exit status."""
    signal.signal(signal.SIGTERM, _leave)
    signal.signal(signal.SIGHUP, _leave)
    try:
        with throwaway_servers() as servers, tempfile.TemporaryDirectory(prefix="charla-migrated-") as kept:
            status = _run(command, {**os.environ, **servers.environment, KEPT: kept})
            _tell_of_a_crash(servers.postgres.log)
            return status
    except StackError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    except KeyboardInterrupt:
        return 130


def _tell_of_a_crash(log: Path) -> None:
    """Show what PostgreSQL wrote when it broke down: all connections ended, and any test may have failed for it."""
    lines = log.read_text(errors="replace").splitlines()
    for number, line in enumerate(lines):
        if any(mark in line for mark in BROKE_DOWN):
            sys.stderr.write("\n".join(["PostgreSQL broke down:", *lines[max(0, number - 20) : number + 5], ""]))
            return


def _run(command: list[str], env: dict[str, str]) -> int:
    """Run in our process group: a Ctrl-C reaches the command too, and it has its time to report."""
    child = subprocess.Popen(command, env=env)
    while True:
        try:
            status = child.wait()
        except KeyboardInterrupt:
            continue
        except SystemExit:
            child.terminate()
            child.wait(20)
            raise
        return status if status >= 0 else 128 - status


def _leave(number: int, frame: FrameType | None) -> None:
    sys.exit(128 + number)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
