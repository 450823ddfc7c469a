"""Floors: what the same machine does at the same time when nothing but the unavoidable is done."""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from benchmarks.figures import median
from benchmarks.http_load import request, run_load
from benchmarks.installation import ROOT, Installation
from benchmarks.meter import metered
from config.stack.children import end_children, start_child
from tests.support.stack import free_port

ROUNDS = 3


async def bare(scope: dict[str, Any], receive: Any, send: Any) -> None:
    """Answer every request with two bytes: the least that an ASGI application can do."""
    if scope["type"] == "lifespan":
        return
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
    await send({"type": "http.response.body", "body": b"ok"})


@contextmanager
def bare_server(log: Path) -> Iterator[tuple[int, int]]:
    """Run the bare application under uvicorn; yield (process id, port)."""
    port = free_port()
    command = [sys.executable, "-m", "uvicorn", "benchmarks.floors:bare", "--port", str(port), "--no-access-log"]
    child = start_child([*command, "--log-level", "warning"], log=log, env={"PATH": "/usr/bin:/bin"}, cwd=ROOT)
    try:
        time.sleep(2)
        yield child.pid, port
    finally:
        import signal

        end_children([(child, signal.SIGTERM, 5.0)])


def bare_answer(log: Path, *, clients: int) -> tuple[float, float]:
    """Return (answers a second, processor milliseconds of each) of the bare application."""
    wire = request("GET", "/", {})
    rates, costs = [], []
    with bare_server(log) as (pid, port):
        run_load(port, lambda own, number: wire, clients=clients, requests=500, expected=b"200")
        for _ in range(ROUNDS):
            with metered({"server": pid}) as spent:
                load = run_load(port, lambda own, number: wire, clients=clients, requests=5_000, expected=b"200")
            rates.append(load.rate)
            costs.append(spent["server"] * 1_000 / 5_000)
    return median(rates), median(costs)


def insert_and_commit(installation: Installation, *, rows: int = 1_000) -> tuple[float, float]:
    """Return (commits a second, PostgreSQL's milliseconds of each): one narrow row each, over one connection."""
    rates, costs = [], []
    with installation.owner() as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS bench_floor (id bigserial PRIMARY KEY, content text)")
        for _ in range(ROUNDS):
            with metered({"postgres": installation.postgres_pid}) as spent:
                began = time.perf_counter()
                for _row in range(rows):
                    connection.execute("INSERT INTO bench_floor (content) VALUES ('a message')")
                rates.append(rows / (time.perf_counter() - began))
            costs.append(spent["postgres"] * 1_000 / rows)
        connection.execute("DROP TABLE bench_floor")
    return median(rates), median(costs)
