"""What row-level security costs: the inbox list and accepting a message, each a whole request, with and without it."""

import time
from collections.abc import Callable
from typing import Any

from benchmarks.figures import median, reporting
from benchmarks.flatness import Bulk, server_ms
from benchmarks.installation import Cast, Installation, body, installation, make_cast

CHATS, ROUNDS, REQUESTS = 2_000, 30, 20
MOST_PERCENT = 10
BOUND = "SELECT oid::regclass::text FROM pg_class WHERE relforcerowsecurity ORDER BY 1"


def bind(made: Installation, tables: list[str], *, bound: bool) -> None:
    """Bind tables by their policies, or let them loose."""
    word = "ENABLE" if bound else "DISABLE"
    with made.owner() as connection:
        for table in tables:
            connection.execute(f"ALTER TABLE {table} {word} ROW LEVEL SECURITY")


def processor_ms(work: Callable[[], Any]) -> float:
    """Return the processor time of REQUESTS requests, Python's and PostgreSQL's, in ms for one."""
    from django.db import connection

    connection.ensure_connection()
    assert connection.connection is not None
    pid = connection.connection.info.backend_pid
    before, began = server_ms(pid), time.thread_time()
    for _ in range(REQUESTS):
        work()
    return ((time.thread_time() - began) * 1e3 + server_ms(pid) - before) / REQUESTS


def requests(people: Cast) -> dict[str, Callable[[], None]]:
    """Return the two requests, as a program makes them, without a server around Django."""
    from rest_framework.test import APIClient

    client, numbers = APIClient(), iter(range(10**9))
    client.credentials(HTTP_AUTHORIZATION=f"Api-Key {people.key}")

    def inbox() -> None:
        answer = client.get("/api/v1/chats/")
        assert answer.status_code == 200, answer.content

    def accept() -> None:
        sent: Any = body(next(numbers))
        path = f"/api/v1/chats/{people.chats[0]}/messages/"
        answer = client.generic("POST", path, sent, content_type="application/json")
        assert answer.status_code == 201, answer.content

    return {"the inbox list": inbox, "accepting a message": accept}


def main() -> None:
    """Measure in turns, so that what else the machine does falls on both."""
    with reporting() as report, installation() as made:
        from tenants.models import TenantModel

        people = make_cast(1)
        limits = {"max_conversation_length": 1_000_000, "rate_limit_per_hour": 1_000_000}
        TenantModel.objects.filter(pk=people.tenant_id).update(settings=limits)
        bulk = Bulk(made)
        series = f"generate_series(1, {CHATS}) AS n"
        bulk.copy("chats_chatmodel", "was.chat_id = %s", series, {"user_id": "'bulk-' || n"}, people.chats[0])
        bulk.run("VACUUM ANALYZE")
        tables = [name for (name,) in bulk.connection.execute(BOUND).fetchall()]
        for name, work in requests(people).items():
            costs: dict[bool, list[float]] = {True: [], False: []}
            for turn in range(2 * ROUNDS):
                bound = turn % 2 == 0
                bind(made, tables, bound=bound)
                work()
                costs[bound].append(processor_ms(work))
            bind(made, tables, bound=True)
            with_it, without = median(costs[True]), median(costs[False])
            report.add(f"{name}, with policies", with_it, "ms")
            report.add(f"{name}, without", without, "ms")
            report.add(f"{name}: row-level security", 100 * (with_it / without - 1), "%", most=MOST_PERCENT)


if __name__ == "__main__":
    main()
