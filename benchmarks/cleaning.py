"""`cleanup_old_data` of a million messages while fifty a second arrive: who waits, locks, memory.

`CHARLA_MESSAGES=100000 python -m benchmarks cleaning` measures another number than a million.
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event, Thread
from typing import Any

import psutil
import psycopg

from benchmarks.figures import percentile, reporting
from benchmarks.filling import MESSAGES
from benchmarks.installation import ROOT, TENANT, Cast, Installation, installation, make_cast
from config.stack.postgres import SUPERUSER
from config.stack.urls import DATABASE

ARRIVING = 50  # messages a second
ALONE_SECONDS = 60
CLEANER = "charla-cleanup"
LONGEST_TRANSACTION = f"""
SELECT coalesce(extract(epoch FROM max(clock_timestamp() - xact_start)), 0) * 1000
FROM pg_stat_activity WHERE application_name = '{CLEANER}' AND state <> 'idle'
"""


@dataclass
class Seen:
    """What was measured while something ran."""

    latencies: list[float] = field(default_factory=list)
    transactions: list[float] = field(default_factory=list)
    memory: list[float] = field(default_factory=list)


def arrive(people: Cast, seen: Seen, over: Event) -> None:
    """Accept messages at their pace, however long one takes: what comes late is counted from when it was due."""
    from chats.services.messages import post_message
    from tenants.scope import tenant_scope

    due = time.monotonic()
    with tenant_scope(people.tenant_id):
        while not over.is_set():
            for chat in people.chats:
                time.sleep(max(0.0, due - time.monotonic()))
                post_message(chat_id=chat, content="How long does it take until my order arrives?")
                seen.latencies.append((time.monotonic() - due) * 1e3)
                due += 1 / ARRIVING
                if over.is_set():
                    return


def watch(made: Installation, seen: Seen, over: Event, pid: Callable[[], int | None]) -> None:
    """Look at the cleaning's transactions every 10 ms, and now and then at its memory."""
    with psycopg.connect(made.servers.postgres.url(SUPERUSER, DATABASE), autocommit=True) as connection:
        while not over.wait(0.01):
            row = connection.execute(LONGEST_TRANSACTION).fetchone()
            seen.transactions.append(float(row[0]) if row else 0.0)
            if (own := pid()) and len(seen.transactions) % 100 == 0 and psutil.pid_exists(own):
                seen.memory.append(psutil.Process(own).memory_info().rss / 2**20)


@contextmanager
def meanwhile(*works: tuple[Callable[..., None], tuple[Any, ...]]) -> Iterator[None]:
    """Run functions in threads until the block ends; each is given the event that tells so."""
    over = Event()
    threads = [Thread(target=work, args=(*given, over)) for work, given in works]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        over.set()
        for thread in threads:
            thread.join()


def command(*words: str) -> list[str]:
    """Return the words that run one of our commands."""
    return [sys.executable, "manage.py", *words, f"--tenant={TENANT}", "--no-progress", "--json"]


def fill(folder: Path) -> None:
    """Make the messages of three years."""
    words = command("create_test_data", f"--volume={MESSAGES}", "--scenario=history", "--seed=1")
    subprocess.run(words, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)


def clean(made: Installation, people: Cast, seen: Seen) -> tuple[float, dict[str, Any]]:
    """Remove what is older than a day while messages arrive; return the seconds and what the command said."""
    children: list[subprocess.Popen[bytes]] = []
    environment = {**os.environ, "CHARLA_PROCESS": CLEANER}

    def look(over: Event) -> None:
        watch(made, seen, over, lambda: children[0].pid if children else None)

    with meanwhile((arrive_until, (people, seen)), (look, ())):
        began = time.monotonic()
        words = command("cleanup_old_data", "--type=chats", "--days=1")
        children.append(subprocess.Popen(words, cwd=ROOT, env=environment, stdout=subprocess.PIPE))
        told, _nothing = children[0].communicate()
        seconds = time.monotonic() - began
    return seconds, json.loads(told)


def arrive_until(people: Cast, seen: Seen, over: Event) -> None:
    """See arrive(); with the connection closed at the end."""
    from django.db import connection

    try:
        arrive(people, seen, over)
    finally:
        connection.close()


def main() -> None:
    """Measure arriving alone, then beside the cleaning."""
    with reporting() as report, installation() as made:
        people = make_cast(ARRIVING)
        fill(made.folder)
        alone, beside = Seen(), Seen()
        with meanwhile((arrive_until, (people, alone))):
            time.sleep(ALONE_SECONDS)
        seconds, told = clean(made, people, beside)
        report.note(f"{told['removed']}")
        report.add("cleaning", seconds, "s")
        report.add("messages removed a second", told["removed"]["chats_contentchatmodel"] / seconds, "1/s")
        before, while_cleaning = percentile(alone.latencies, 0.99), percentile(beside.latencies, 0.99)
        report.add("accepting a message alone, 99th percentile", before, "ms")
        report.add("beside the cleaning, 99th percentile", while_cleaning, "ms")
        report.add("times", while_cleaning / before, "", most=2)
        report.add("longest transaction of the cleaning", max(beside.transactions), "ms", most=200)
        half = len(beside.memory) // 2
        report.add("greatest memory, first half", max(beside.memory[: half or 1]), "MiB")
        report.add("greatest memory, second half", max(beside.memory[half:]), "MiB")


if __name__ == "__main__":
    main()
