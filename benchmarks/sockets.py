"""Sockets: from message.send on one to message.created on others, memory and queries of idle ones."""

import asyncio
import itertools
import time

import uvloop

from benchmarks.figures import Report, median, percentile, reporting
from benchmarks.installation import Cast, Installation, installation, make_cast
from benchmarks.meter import metered, pss_mib
from benchmarks.socket_client import CREATED, Socket, ignore, open_socket

PAIR_MESSAGES, CROWD, CROWD_MESSAGES, IN_FLIGHT = 400, 100, 100, 4
IDLE, IDLE_SECONDS = 1_000, 6.0
CALLERS, ROUNDS = (1_000, 10_000), 9
VISITORS = """
WITH people AS (
    INSERT INTO chats_contact (tenant_id, channel, external_id, name, email, chat_address, labels, language,
        last_activity, created_at)
    SELECT %(tenant)s, 'web', 'visitor ' || n, '', '', '', '[]', 'en', now(), now()
    FROM generate_series(1, %(many)s) AS n RETURNING tenant_id, id
)
INSERT INTO chats_visitorsession (tenant_id, contact_id, token_hash, expires_at, created_at)
SELECT tenant_id, id, encode(sha256(id::text::bytea), 'hex'), now() + interval '1 day', now() FROM people
RETURNING tenant_id, contact_id, token_hash
"""
_numbers = itertools.count()


class Audience:
    """Listeners of one chat: notes when each message reached each of them."""

    def __init__(self, expected: int) -> None:
        self.expected = expected
        self.arrived: list[float] = []
        self.all_here = asyncio.Event()

    def hear(self, moment: float, text: bytes) -> None:
        """Note a stored message."""
        if text.startswith(CREATED):
            self.arrived.append(moment)
            if len(self.arrived) % self.expected == 0:
                self.all_here.set()


def say(socket: Socket) -> None:
    """Send one message."""
    socket.send({"type": "message.send", "client_message_id": f"s{next(_numbers)}", "content": "Is it here already?"})


async def closed_loop(sender: Socket, audience: Audience, messages: int) -> list[float]:
    """Send one message after the other, each when all have had the one before; return each delivery's seconds."""
    seconds = []
    for _ in range(messages):
        audience.all_here.clear()
        before, began = len(audience.arrived), time.perf_counter()
        say(sender)
        await asyncio.wait_for(audience.all_here.wait(), 10)
        seconds += [moment - began for moment in audience.arrived[before:]]
    return seconds


async def deliveries_a_second(sender: Socket, audience: Audience, messages: int) -> float:
    """Keep some messages in flight and return how many deliveries there were in a second."""
    before, began = len(audience.arrived), time.perf_counter()
    for sent in range(messages):
        while sent - (len(audience.arrived) - before) / audience.expected >= IN_FLIGHT:
            audience.all_here.clear()
            await asyncio.wait_for(audience.all_here.wait(), 10)
        say(sender)
    while len(audience.arrived) - before < messages * audience.expected:
        audience.all_here.clear()
        await asyncio.wait_for(audience.all_here.wait(), 10)
    return messages * audience.expected / (time.perf_counter() - began)


async def measure_pair(report: Report, port: int, cast: Cast) -> None:
    """One sender, one listener."""
    audience = Audience(1)
    sender = await open_socket(port, cast.chats[0], cast.key, ignore)
    listener = await open_socket(port, cast.chats[0], cast.key, audience.hear)
    await closed_loop(sender, audience, 50)
    seconds = await closed_loop(sender, audience, PAIR_MESSAGES)
    report.note(f"one sender, one listener, {PAIR_MESSAGES} messages")
    report.add("from message.send to message.created, median", percentile(seconds, 0.5) * 1_000, "ms", most=10)
    report.add("  99th percentile", percentile(seconds, 0.99) * 1_000, "ms", most=40)
    sender.close()
    listener.close()


async def measure_crowd(report: Report, port: int, cast: Cast, made: Installation, web: int) -> None:
    """One sender, many listeners."""
    audience = Audience(CROWD)
    sender = await open_socket(port, cast.chats[1], cast.key, ignore)
    listeners = [await open_socket(port, cast.chats[1], cast.key, audience.hear) for _ in range(CROWD)]
    await closed_loop(sender, audience, 10)
    seconds = await closed_loop(sender, audience, CROWD_MESSAGES)
    with metered({"web": web, "postgres": made.postgres_pid}) as spent:
        rate = await deliveries_a_second(sender, audience, CROWD_MESSAGES)
    report.note(f"one sender, {CROWD} listeners")
    report.add("95th percentile of a delivery", percentile(seconds, 0.95) * 1_000, "ms", most=40)
    report.add("deliveries a second", rate, "1/s", least=2_000)
    deliveries = CROWD_MESSAGES * CROWD
    report.add("processor time of a delivery (web)", spent["web"] * 1e6 / deliveries, "µs")
    report.add("  PostgreSQL, for a message to all", spent["postgres"] * 1e3 / CROWD_MESSAGES, "ms")
    for socket in (sender, *listeners):
        socket.close()


async def measure_idle(report: Report, port: int, cast: Cast, made: Installation, web: int) -> None:
    """Many sockets, each of another conversation, that say nothing."""
    await asyncio.sleep(2)
    before, sockets = pss_mib(web), []
    for chat_id in cast.chats:
        sockets.append(await open_socket(port, chat_id, cast.key, ignore))
    await asyncio.sleep(2)
    grown = pss_mib(web) - before
    spoken = last_words(made)
    await asyncio.sleep(IDLE_SECONDS)
    report.note(f"{len(sockets)} idle sockets, each of its own conversation")
    report.add("memory of a socket (growth of PSS)", grown * 1_024 / len(sockets), "KiB", most=30)
    # All of them are asked about at once (chats/realtime/standing.py), by whichever of the four threads is free.
    report.add(f"connections that queried in {IDLE_SECONDS:.0f} s", len(last_words(made) - spoken), "", most=4)
    for socket in sockets:
        socket.close()


def measure_callers(report: Report, cast: Cast, made: Installation) -> None:
    """Ask what became of many visitors, as each process does about its sockets (chats/realtime/standing.py)."""
    from chats.realtime.standing import standings_of
    from tenants.callers import Caller, CallerKind
    from tenants.services.standing import Standing

    with made.owner() as owner:
        rows = owner.execute(VISITORS, {"tenant": cast.tenant_id, "many": max(CALLERS)}).fetchall()
        owner.execute("ANALYZE chats_visitorsession")
    visitors = [Caller(CallerKind.VISITOR, tenant, contact_id=who, proof=proof) for tenant, who, proof in rows]
    report.note("asking about the callers of sockets, all visitors")
    for many in CALLERS:
        seconds = []
        for _round in range(ROUNDS):
            began = time.perf_counter()
            became = standings_of(visitors[:many])
            seconds.append(time.perf_counter() - began)
            assert set(became) == {Standing.SAME}
        report.add(f"{many:,} sockets, median", median(seconds) * 1_000, "ms")
        report.add("  the fastest round", min(seconds) * 1_000, "ms")


def last_words(made: Installation) -> set[tuple[object, ...]]:
    """Return each connection of Charla's with the moment of its last statement."""
    with made.owner() as connection:
        query = "SELECT pid, state_change FROM pg_stat_activity WHERE application_name LIKE 'charla-%'"
        return set(connection.execute(query).fetchall())


async def measure(report: Report, port: int, cast: Cast, made: Installation, web: int) -> None:
    """Measure all of it against one web process."""
    await measure_pair(report, port, cast)
    await measure_crowd(report, port, cast, made, web)
    await measure_idle(report, port, cast, made, web)


def main() -> None:
    """Measure the embedded layout."""
    with reporting() as report, installation() as made:
        cast = make_cast(IDLE)
        with made.running("web") as stack:
            uvloop.run(measure(report, stack.port, cast, made, stack.pids["web"]))
        measure_callers(report, cast, made)


if __name__ == "__main__":
    main()
