"""Accepting a message by REST: 16 clients, no worker, in both layouts; and more clients than connections."""

from collections.abc import Mapping

from benchmarks.figures import Report, median, percentile, reporting
from benchmarks.floors import bare_answer, insert_and_commit
from benchmarks.http_load import Load, request, run_load
from benchmarks.installation import Cast, Installation, body, installation, make_cast
from benchmarks.meter import metered

CLIENTS, CROWD = 16, 64
ROUNDS, MESSAGES = 5, 800
LAYOUTS: Mapping[str, tuple[str, float, float]] = {
    # layout: (process, least messages a second, most milliseconds of processor time each)
    "production (WSGI)": ("wsgi", 300, 3.0),
    "embedded (ASGI)": ("web", 200, 4.5),
}
_numbers = iter(range(10**9))


def post_load(port: int, cast: Cast, *, clients: int, messages: int) -> Load:
    """Post messages, each client into a conversation of its own."""
    headers = {"Authorization": f"Api-Key {cast.key}"}

    def make(own: int, number: int) -> bytes:
        path = f"/api/v1/chats/{cast.chats[own % len(cast.chats)]}/messages/"
        return request("POST", path, headers, body(next(_numbers)))

    return run_load(port, make, clients=clients, requests=messages)


def measure_layout(report: Report, made: Installation, cast: Cast, layout: str, floors: tuple[float, float]) -> None:
    """Measure one layout of the web processes."""
    process, least_rate, most_cost = LAYOUTS[layout]
    rates, costs, shares, tails, failures = [], [], [], [], 0
    with made.running(process) as stack:
        post_load(stack.port, cast, clients=CLIENTS, messages=400)
        pids = {"web": stack.pids[process], "postgres": made.postgres_pid}
        for _ in range(ROUNDS):
            with metered(pids) as spent:
                load = post_load(stack.port, cast, clients=CLIENTS, messages=MESSAGES)
            rates.append(load.rate)
            costs.append(sum(spent.values()) * 1_000 / MESSAGES)
            shares.append(spent["postgres"] * 1_000 / MESSAGES)
            tails.append(percentile(load.latencies, 0.95) * 1_000)
            failures += len(load.failures)
        crowd = post_load(stack.port, cast, clients=CROWD, messages=MESSAGES)
    report.note(layout)
    report.add("messages a second", median(rates), "1/s", least=least_rate)
    report.add("processor time of a message (web + PostgreSQL)", median(costs), "ms", most=most_cost)
    report.add("  of it PostgreSQL", median(shares), "ms")
    report.add("  times the floors' sum", median(costs) / sum(floors))
    report.add("95th percentile of the answer", median(tails), "ms")
    report.add(f"failures with {CLIENTS} clients", failures, "", most=0)
    report.add(f"failures with {CROWD} clients", len(crowd.failures), "", most=0)
    for failure in {*crowd.failures[:3]}:
        report.note(f"    {failure[:160]!r}")


def main() -> None:
    """Measure both layouts."""
    with reporting() as report, installation() as made:
        cast = make_cast(CLIENTS)
        rate, answer = bare_answer(made.folder / "floor.log", clients=CLIENTS)
        commits, commit = insert_and_commit(made)
        report.note("floors")
        report.add("bare ASGI answers a second", rate, "1/s")
        report.add("processor time of a bare answer", answer, "ms")
        report.add("INSERT + COMMIT a second, one connection", commits, "1/s")
        report.add("processor time of it in PostgreSQL", commit, "ms")
        for layout in LAYOUTS:
            measure_layout(report, made, cast, layout, (answer, commit))


if __name__ == "__main__":
    main()
