"""`create_test_data` against a bare COPY of the very rows that it made, into the same tables with their indexes.

`CHARLA_MESSAGES=100000 python -m benchmarks filling` measures another number than a million.
"""

import os
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import psycopg

from benchmarks.figures import reporting
from benchmarks.installation import ROOT, TENANT, Installation, installation, make_cast
from benchmarks.meter import cpu_seconds
from config.stack.postgres import SUPERUSER
from config.stack.urls import DATABASE

MESSAGES = int(os.environ.get("CHARLA_MESSAGES", "1000000"))
# In an order in which keys between them hold at the end of the transaction.
TABLES = (
    "chats_contact", "chats_contentchatmodel", "chats_chatmodel", "analysis_sentimentchatmodel",
    "analysis_conversationanalytics",
)  # fmt: skip


@dataclass(frozen=True)
class Cost:
    """Seconds by the clock, and of the processor in all processes together."""

    clock: float
    processor: float

    def times(self, other: "Cost") -> "Cost":
        """Return how many times another's cost this is."""
        return Cost(self.clock / other.clock, self.processor / other.processor)


def make_rows(folder: Path, postgres: int) -> tuple[Cost, float]:
    """Run the command; return its cost and its greatest memory in MiB."""
    command = [sys.executable, "manage.py", "create_test_data", f"--tenant={TENANT}", f"--volume={MESSAGES}"]
    began, before = time.monotonic(), cpu_seconds(postgres)
    with (folder / "made.log").open("w") as log:
        child = subprocess.Popen([*command, "--seed=1", "--no-progress"], cwd=ROOT, stdout=log, stderr=log)
        _pid, status, used = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        raise RuntimeError((folder / "made.log").read_text())
    processor = cpu_seconds(postgres) - before + used.ru_utime + used.ru_stime
    return Cost(time.monotonic() - began, processor), used.ru_maxrss / 1024


class Rows:
    """The rows of the tables, in files, to be copied back as often as is wanted."""

    def __init__(self, made: Installation) -> None:
        self.connection = psycopg.connect(made.servers.postgres.url(SUPERUSER, DATABASE))
        self.folder, self.postgres = made.folder, made.postgres_pid
        self.counts: dict[str, int] = {}
        for table in TABLES:
            with self.connection.cursor() as cursor, (self.folder / table).open("wb") as file:
                with cursor.copy(f"COPY (SELECT * FROM {table} ORDER BY id) TO STDOUT") as copy:
                    file.writelines(copy)
                self.counts[table] = cursor.rowcount
        self.connection.commit()

    def empty(self) -> None:
        """Empty the tables, and what points to them."""
        self.connection.execute(f"TRUNCATE {', '.join(TABLES)} CASCADE")
        self.connection.commit()
        self.connection.execute("CHECKPOINT")
        self.connection.commit()

    def copy(self, *, checked: bool) -> Cost:
        """Copy all of them in one transaction. Unchecked: past triggers and keys, indexes alone."""
        self.empty()
        began, before = time.monotonic(), cpu_seconds(self.postgres) + time.process_time()
        self.connection.execute(f"SET LOCAL session_replication_role = {'origin' if checked else 'replica'}")
        for table in TABLES:
            with (
                (self.folder / table).open("rb") as file,
                self.connection.cursor() as cursor,
                cursor.copy(f"COPY {table} FROM STDIN") as copy,
            ):
                while block := file.read(1 << 20):
                    copy.write(block)
        self.connection.commit()
        processor = cpu_seconds(self.postgres) + time.process_time() - before
        return Cost(time.monotonic() - began, processor)


def main() -> None:
    """Make the rows, then copy them bare."""
    with reporting() as report, installation() as made:
        make_cast(0)
        cost, memory = make_rows(made.folder, made.postgres_pid)
        rows = Rows(made)
        report.note(", ".join(f"{count:,} {table}" for table, count in rows.counts.items()))
        report.add("create_test_data", cost.clock, "s")
        report.add("its processor time, PostgreSQL's included", cost.processor, "s")
        report.add("messages a second", MESSAGES / cost.clock, "1/s")
        report.add("greatest memory of the command", memory, "MiB")
        with_keys, bare = rows.copy(checked=True), rows.copy(checked=False)
        report.add("COPY with the tables' triggers and keys", with_keys.clock, "s")
        report.add("its processor time", with_keys.processor, "s")
        report.add("COPY past triggers and keys, indexes alone", bare.clock, "s")
        report.add("its processor time", bare.processor, "s")
        for name, other in (("with triggers and keys", with_keys), ("past them", bare)):
            report.add(f"times the COPY {name}", cost.times(other).clock, "", most=3 if other is with_keys else None)
            report.add("  by processor time", cost.times(other).processor, "")
        rows.connection.close()


if __name__ == "__main__":
    main()
