"""Importing knowledge: a file of 50,000 rows by `manage.py import_knowledge`."""

import os
import subprocess
import sys
import time
from pathlib import Path

from benchmarks.figures import reporting
from benchmarks.installation import ROOT, TENANT, Installation, installation, make_cast
from benchmarks.knowledge import write_csv
from benchmarks.meter import metered

ROWS = 50_000


def import_file(path: Path) -> tuple[float, float]:
    """Import a file into the base `bench`; return (seconds, the command's greatest memory in MiB)."""
    command = [sys.executable, "manage.py", "import_knowledge", "--tenant", TENANT, "--file", str(path)]
    began = time.perf_counter()
    child = subprocess.Popen([*command, "--no-progress"], cwd=ROOT, stdout=subprocess.DEVNULL)
    _pid, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode != 0:
        raise RuntimeError(f"import_knowledge ended with {child.returncode}.")
    return time.perf_counter() - began, usage.ru_maxrss / 1_024


def stored_chunks(made: Installation) -> int:
    """Return how many passages there are."""
    with made.owner() as connection:
        row = connection.execute("SELECT count(*) FROM agents_knowledgechunk").fetchone()
    return int(row[0]) if row else 0


def main() -> None:
    """Import, then import the same file again."""
    with reporting() as report, installation() as made:
        make_cast(0)
        path = made.folder / "knowledge.csv"
        write_csv(path, ROWS)
        with metered({"postgres": made.postgres_pid}) as spent:
            seconds, memory = import_file(path)
        report.note(f"import_knowledge of {ROWS:,} rows")
        report.add("seconds", seconds, "s", most=120)
        report.add("greatest memory of the command", memory, "MiB", most=300)
        report.add("processor time in PostgreSQL", spent["postgres"], "s")
        report.add("passages stored", stored_chunks(made), "")
        again, _memory = import_file(path)
        report.add("the same file again", again, "s")
        report.add("passages then", stored_chunks(made), "")


if __name__ == "__main__":
    main()
