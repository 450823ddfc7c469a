"""`backup_data` and `restore_data` of a database beside `pg_dump -Fc` and `pg_restore` of the same one.

`CHARLA_MESSAGES=100000 python -m benchmarks backups` measures another number than a million messages.
"""

import os
import subprocess
import sys
import time
from pathlib import Path

from benchmarks.figures import reporting
from benchmarks.filling import MESSAGES
from benchmarks.installation import ROOT, Installation, installation, make_cast
from benchmarks.pages import fill
from config.stack.postgres import SUPERUSER
from config.stack.urls import DATABASE

MOST_TIMES = 1.5
MEBI = 2**20


def run(*words: str) -> tuple[float, float]:
    """Run a program; return its seconds and its greatest memory in MiB. RuntimeError when it failed."""
    began = time.monotonic()
    child = subprocess.Popen(words, cwd=ROOT, stdout=subprocess.DEVNULL)
    _pid, status, used = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        raise RuntimeError(f"{' '.join(words[:3])} ended with {child.returncode}.")
    return time.monotonic() - began, used.ru_maxrss / 1024


def manage(*words: str) -> tuple[float, float]:
    """Run one of our commands; see run()."""
    return run(sys.executable, "manage.py", *words, "--no-progress")


def bare(made: Installation, dump: Path) -> tuple[float, float]:
    """Return the seconds of PostgreSQL's own way out into a file and back into an empty database."""
    from tenants.backups.programs import program

    whole, empty = (made.servers.postgres.url(SUPERUSER, name) for name in (DATABASE, "bare"))
    out, _memory = run(program("pg_dump"), "-Fc", f"--file={dump}", whole)
    run(program("psql"), "--quiet", f"--dbname={whole}", "--command=CREATE DATABASE bare")
    back, _memory = run(program("pg_restore"), f"--dbname={empty}", str(dump))
    run(program("psql"), "--quiet", f"--dbname={whole}", "--command=DROP DATABASE bare", "--command=CHECKPOINT")
    return out, back


def main() -> None:
    """Make the messages, and take them out and back in both ways."""
    with reporting() as report, installation() as made:
        make_cast(0)
        fill("bench", MESSAGES)
        dump, backup = made.folder / "dump", made.folder / "backup"
        bare_out, bare_back = bare(made, dump)
        out, memory_out = manage("backup_data", "--type=database", f"--output={backup}")
        back, memory_back = manage("restore_data", str(backup), "--into=restored")
        report.note(f"{MESSAGES:,} messages")
        report.add("pg_dump -Fc", bare_out, "s")
        report.add("backup_data --type=database", out, "s")
        report.add("  times pg_dump", out / bare_out, "", most=MOST_TIMES)
        report.add("  its memory", memory_out, "MiB")
        report.add("pg_restore", bare_back, "s")
        report.add("restore_data --into=NAME", back, "s")
        report.add("  times pg_restore", back / bare_back, "", most=MOST_TIMES)
        report.add("  its memory", memory_back, "MiB")
        report.add("size of the dump", dump.stat().st_size / MEBI, "MiB")
        report.add("size of the backup", backup.stat().st_size / MEBI, "MiB")


if __name__ == "__main__":
    main()
