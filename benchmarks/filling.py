"""`create_test_data` against a bare COPY of the very rows that it made, into the same tables with their indexes.

`CHARLA_MESSAGES=100000 python -m benchmarks filling` measures another number than a million.
"""

import os
import subprocess
import sys
import time
from pathlib import Path

import psycopg

from benchmarks.figures import reporting
from benchmarks.installation import ROOT, TENANT, Installation, installation, make_cast
from config.stack.postgres import SUPERUSER
from config.stack.urls import DATABASE

MESSAGES = int(os.environ.get("CHARLA_MESSAGES", "1000000"))
# In an order in which keys between them hold at the end of the transaction.
TABLES = (
    "chats_contact", "chats_contentchatmodel", "chats_chatmodel", "analysis_sentimentchatmodel",
    "analysis_conversationanalytics",
)  # fmt: skip


def make_rows(folder: Path) -> tuple[float, float]:
    """Run the command; return its seconds and its greatest memory in MiB."""
    command = [sys.executable, "manage.py", "create_test_data", f"--tenant={TENANT}", f"--volume={MESSAGES}"]
    began = time.monotonic()
    with (folder / "made.log").open("w") as log:
        child = subprocess.Popen([*command, "--seed=1", "--no-progress"], cwd=ROOT, stdout=log, stderr=log)
        _pid, status, used = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        raise RuntimeError((folder / "made.log").read_text())
    return time.monotonic() - began, used.ru_maxrss / 1024


class Rows:
    """The rows of the tables, in files, to be copied back as often as is wanted."""

    def __init__(self, made: Installation) -> None:
        self.connection = psycopg.connect(made.servers.postgres.url(SUPERUSER, DATABASE))
        self.folder = made.folder
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

    def copy(self, *, checked: bool) -> float:
        """Copy all of them in one transaction; return the seconds. Unchecked: past triggers and keys, indexes alone."""
        self.empty()
        began = time.monotonic()
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
        return time.monotonic() - began


def main() -> None:
    """Make the rows, then copy them bare."""
    with reporting() as report, installation() as made:
        make_cast(0)
        seconds, memory = make_rows(made.folder)
        rows = Rows(made)
        report.note(", ".join(f"{count:,} {table}" for table, count in rows.counts.items()))
        report.add("create_test_data", seconds, "s")
        report.add("messages a second", MESSAGES / seconds, "1/s")
        report.add("greatest memory of the command", memory, "MiB")
        with_keys, bare = rows.copy(checked=True), rows.copy(checked=False)
        report.add("COPY with the tables' triggers and keys", with_keys, "s")
        report.add("COPY past triggers and keys, with the indexes", bare, "s")
        report.add("times the COPY with triggers and keys", seconds / with_keys, "", most=3)
        report.add("times the COPY past them", seconds / bare, "")
        rows.connection.close()


if __name__ == "__main__":
    main()
