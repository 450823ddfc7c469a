"""A migrated database that a run of the suite makes once and copies, for migrating takes as long as many tests."""

import fcntl
import os
import subprocess
import sys
from pathlib import Path

from config.stack.children import end_children
from config.stack.folder import DataFolder
from config.stack.home import Home, find_home
from config.stack.postgres import Postgres
from config.stack.servers import POSTGRES_STOP, postgres_at, start_postgres
from config.stack.urls import embedded_urls

ROOT = Path(__file__).resolve().parents[2]
# The folder of this run in which it is kept; where nothing is named each installation migrates by itself.
KEPT = "CHARLA_TEST_MIGRATED"


def lay_migrated(postgres: Postgres) -> None:
    """Copy the run's migrated data to where a server will look for its own; who asks first makes it."""
    if KEPT not in os.environ:
        return
    folder = DataFolder(Path(os.environ[KEPT]))
    folder.open()
    with (folder.root / "one-at-a-time").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        home, made = find_home(folder), folder.root / "made"
        if not made.exists():
            _make(folder, home)
            made.touch()
        subprocess.run(["cp", "-a", str(home.path / "postgres"), str(postgres.data)], check=True)


def _make(folder: DataFolder, home: Home) -> None:
    postgres = postgres_at(home, folder.logs, throwaway=True)
    server = start_postgres(postgres)
    try:
        env = {**os.environ, **embedded_urls(postgres).environment()}
        command = [sys.executable, "manage.py", "migrate", "--verbosity=0", "--skip-checks"]
        subprocess.run(command, env=env, cwd=ROOT, check=True, timeout=300)
    finally:
        end_children([(server, *POSTGRES_STOP)])
