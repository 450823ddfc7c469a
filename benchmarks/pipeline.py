"""The whole pipeline: what a message costs from its POST to the stored reply, in all processes together.

Early and late in conversations: at message 10 and at message 10,000. The reply is a greeting's, which the built-in
provider gives without a search, so that next to nothing of it is the model's. One round is one message in each
conversation, and begins when the round before is answered: each message has a turn of its own.
"""

import time
from itertools import count

import redis

from benchmarks.figures import Report, median, reporting
from benchmarks.flatness import EARLY, LATE, Bulk, lengthen
from benchmarks.http_load import request, run_load
from benchmarks.installation import Cast, Installation, body, installation, make_cast
from benchmarks.meter import metered
from tests.support.stack import ProcessStack

CHATS, ROUNDS = 40, 6
PATIENCE_SECONDS = 60.0
MOST_MS, MOST_GROWTH = 15.0, 1.25
GREETING = "Hello, good morning!"
_numbers = count()


def prepare(made: Installation) -> tuple[Cast, Cast]:
    """Make conversations of ten messages, and of ten thousand."""
    from chats.services.messages import post_message
    from tenants.models import TenantModel
    from tenants.scope import tenant_scope

    everybody = make_cast(2 * CHATS)
    settings = {"max_conversation_length": 1_000_000}
    TenantModel.objects.filter(pk=everybody.tenant_id).update(settings=settings)
    bulk = Bulk(made)
    with tenant_scope(everybody.tenant_id):
        for number, chat_id in enumerate(everybody.chats):
            post_message(chat_id=chat_id, content=GREETING)
            lengthen(bulk, chat_id, EARLY if number < CHATS else LATE)
    bulk.run("UPDATE tenants_workitem SET state = 'done', finished_at = now()")
    bulk.run("VACUUM ANALYZE")
    bulk.connection.close()
    early, late = everybody.chats[:CHATS], everybody.chats[CHATS:]
    return tuple(Cast(everybody.tenant_id, everybody.key, chats) for chats in (early, late))  # type: ignore[return-value]


def one_round(made: Installation, stack: ProcessStack, cast: Cast) -> float:
    """Let each conversation's person write once; return the seconds until all are answered."""
    headers = {"Authorization": f"Api-Key {cast.key}"}

    def make(_own: int, number: int) -> bytes:
        path = f"/api/v1/chats/{cast.chats[number]}/messages/"
        return request("POST", path, headers, body(next(_numbers), GREETING))

    began = time.monotonic()
    load = run_load(stack.port, make, clients=4, requests=len(cast.chats))
    assert not load.failures, load.failures[:3]
    with made.owner() as connection:
        while time.monotonic() - began < PATIENCE_SECONDS:
            time.sleep(0.1)
            left = connection.execute("SELECT count(*) FROM tenants_workitem WHERE state IN ('ready', 'leased')")
            if left.fetchone() == (0,):
                return time.monotonic() - began
    raise TimeoutError(f"Not all was answered within {PATIENCE_SECONDS} s.")


def replies(made: Installation) -> int:
    """Return how many replies there are."""
    with made.owner() as connection:
        row = connection.execute("SELECT count(*) FROM chats_contentchatmodel WHERE is_automatic").fetchone()
        assert row is not None
        return int(row[0])


def cost(made: Installation, stack: ProcessStack, cast: Cast) -> dict[str, float]:
    """Return the milliseconds of processor time that one message takes in each process; the median of the rounds."""
    with redis.Redis.from_url(made.servers.valkey.url) as client:
        valkey = int(client.info("server")["process_id"])
    pids = {**stack.pids, "postgres": made.postgres_pid, "valkey": valkey}
    one_round(made, stack, cast)
    before, rounds = replies(made), []
    for _ in range(ROUNDS):
        with metered(pids) as spent:
            one_round(made, stack, cast)
        rounds.append({name: seconds * 1_000 / len(cast.chats) for name, seconds in spent.items()})
    assert replies(made) - before == ROUNDS * len(cast.chats), "each message must have its own reply"
    return {name: median([each[name] for each in rounds]) for name in rounds[0]}


def add(report: Report, title: str, spent: dict[str, float]) -> float:
    """Report one group of conversations; return the sum."""
    total = sum(spent.values())
    report.add(f"processor time of a message and its reply, {title}", total, "ms", most=MOST_MS)
    report.note("    " + ", ".join(f"{name} {ms:.1f}" for name, ms in sorted(spent.items())))
    return total


def main() -> None:
    """Measure early, then late."""
    with reporting() as report, installation() as made:
        early, late = prepare(made)
        with made.running("web", "worker", "sweeper") as stack:
            one_round(made, stack, early)
            first = add(report, f"at message {EARLY}", cost(made, stack, early))
            then = add(report, f"at message {LATE:,}", cost(made, stack, late))
        report.add("late against early", then / first, "×", most=MOST_GROWTH)


if __name__ == "__main__":
    main()
