"""Neighbours beside a noisy tenant: how long their people wait for answers, against the same people without it.

Quiet and noisy intervals alternate every few seconds, so that whatever else the machine does hits both alike. Noise is
one tenant whose programs post on sixteen connections, each as soon as the last one was answered, into many
conversations, while a command reads all of its old messages anew. What of it still waits at the end of an interval is
thrown away, so that the quiet one is quiet.
"""

import asyncio
import json
import os
import random
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from itertools import count

import redis
import uvloop

from benchmarks.figures import Report, percentile, reporting
from benchmarks.flatness import Bulk, lengthen
from benchmarks.http_load import read_answer, request
from benchmarks.installation import ROOT, TENANT, Cast, Installation, body, installation, make_cast
from benchmarks.socket_client import CREATED, Socket, open_socket
from tests.support.stack import ProcessStack

NEIGHBOURS, CHATS, NOISY_CHATS, OLD_MESSAGES = 3, 20, 300, 40_000
ROUNDS, SECONDS, ASKS_A_SECOND, NOISY_CLIENTS = 8, 5.0, 2.0, 16
PATIENCE_SECONDS = 60.0
MOST_RATIO = 1.5
GREETING = "Hello, good morning!"
QUEUES, CROWDED = ("messages", "replies", "bulk"), ".crowded"
DROP = "UPDATE tenants_workitem SET state = 'done', finished_at = now() WHERE state = 'ready' AND tenant_id = %s"
LEFT = "SELECT count(*) FROM tenants_workitem WHERE state IN ('ready', 'leased')"
_numbers = count()


@dataclass
class Seconds:
    """What people waited for: their message to be accepted, and the answer to be stored and shown."""

    accepted: list[float] = field(default_factory=list)
    answered: list[float] = field(default_factory=list)


class Person:
    """Somebody with a page open: asks, and hears the answer on its socket."""

    def __init__(self, port: int, cast: Cast, chat_id: str) -> None:
        self.port, self.cast, self.chat_id = port, cast, chat_id
        self.answered: asyncio.Future[float] | None = None
        self.socket: Socket | None = None

    async def arrive(self) -> None:
        """Open the socket."""
        self.socket = await open_socket(self.port, self.chat_id, self.cast.key, self._hear)

    def _hear(self, moment: float, text: bytes) -> None:
        is_answer = text.startswith(CREATED) and json.loads(text)["message"]["sender"] == "agent"
        if is_answer and self.answered is not None and not self.answered.done():
            self.answered.set_result(moment)

    async def ask(self, seconds: Seconds) -> None:
        """Write once; wait until it is answered."""
        self.answered = asyncio.get_running_loop().create_future()
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        began = time.perf_counter()
        writer.write(message(self.cast, self.chat_id))
        status, answer = await read_answer(reader)
        accepted = time.perf_counter()
        writer.close()
        if status != b"201":
            raise RuntimeError(f"A neighbour was refused: {status!r} {answer[:200]!r}")
        async with asyncio.timeout(PATIENCE_SECONDS):
            answered = await self.answered
        seconds.accepted.append(accepted - began)
        seconds.answered.append(answered - began)


def message(cast: Cast, chat_id: str) -> bytes:
    """Return the request that posts a greeting."""
    headers = {"Authorization": f"Api-Key {cast.key}"}
    return request("POST", f"/api/v1/chats/{chat_id}/messages/", headers, body(next(_numbers), GREETING))


async def live(people: list[list[Person]], seconds: Seconds, chance: random.Random) -> None:
    """Let each neighbour's people ask in turn, at even times, whether the last one was answered or not."""

    async def neighbour(own: list[Person]) -> None:
        asking, step = [], 1 / ASKS_A_SECOND
        await asyncio.sleep(chance.random() * step)
        for number in range(int(SECONDS * ASKS_A_SECOND)):
            asking.append(asyncio.create_task(own[number % len(own)].ask(seconds)))
            await asyncio.sleep(step)
        await asyncio.gather(*asking)

    await asyncio.gather(*(neighbour(own) for own in people))


class Noise:
    """One tenant's programs."""

    def __init__(self, made: Installation, port: int, cast: Cast) -> None:
        self.made, self.port, self.cast = made, port, cast
        self.accepted = self.refused = 0

    @asynccontextmanager
    async def on(self) -> AsyncIterator[None]:
        """Make noise while the block runs; afterwards nothing of it waits any more."""
        with self._bulk_job():
            clients = [asyncio.create_task(self._client(number)) for number in range(NOISY_CLIENTS)]
            await asyncio.sleep(1)
            try:
                yield
            finally:
                for client in clients:
                    client.cancel()
                outcomes = await asyncio.gather(*clients, return_exceptions=True)
        for outcome in outcomes:
            if not isinstance(outcome, asyncio.CancelledError):
                raise RuntimeError("A noisy client ended by itself.") from outcome
        await self._silence()

    async def _client(self, own: int) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        try:
            for number in count():
                chat = self.cast.chats[(own + number * NOISY_CLIENTS) % len(self.cast.chats)]
                writer.write(message(self.cast, chat))
                status, answer = await read_answer(reader)
                if status == b"201":
                    self.accepted += 1
                    continue
                if status not in (b"429", b"503"):
                    raise RuntimeError(f"{status!r} {answer[:200]!r}")
                self.refused += 1
                await asyncio.sleep(1)
        finally:
            writer.close()

    @contextmanager
    def _bulk_job(self) -> Iterator[None]:
        command = [sys.executable, "manage.py", "analyze_sentiment", "--tenant", TENANT, "--force", "--no-progress"]
        child = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL)
        try:
            yield
        finally:
            child.terminate()
            child.wait(20)

    async def _silence(self) -> None:
        """Throw away what still waits for the noisy tenant, and wait until nobody works on anything."""
        with self.made.owner() as owner, redis.Redis.from_url(self.made.servers.valkey.url) as client:
            while True:
                owner.execute(DROP, [self.cast.tenant_id])
                client.delete(*(name + CROWDED for name in QUEUES))
                (left,) = owner.execute(LEFT).fetchone() or (0,)
                waiting = client.hlen("unacked") + sum(client.llen(name) for name in QUEUES)
                if not left and not waiting:
                    return
                await asyncio.sleep(0.2)


async def measure(report: Report, made: Installation, stack: ProcessStack, noisy: Cast, calm: list[Cast]) -> None:
    """Alternate quiet and noisy intervals; report both and their ratios."""
    people = [[Person(stack.port, cast, chat) for chat in cast.chats] for cast in calm]
    for person in (each for own in people for each in own):
        await person.arrive()
    noise, chance = Noise(made, stack.port, noisy), random.Random(20261121)
    quiet, beside = Seconds(), Seconds()
    await live(people, Seconds(), chance)
    loads = []
    for _ in range(ROUNDS):
        await live(people, quiet, chance)
        async with noise.on():
            await live(people, beside, chance)
        loads.append(os.getloadavg()[0])
    report.note(
        f"{len(quiet.answered)} answers alone, {len(beside.answered)} beside {noise.accepted:,} messages of the"
        f" noisy tenant ({noise.refused} refused); load {min(loads):.1f} to {max(loads):.1f}"
    )
    for name, alone, with_noise in (
        ("accepted", quiet.accepted, beside.accepted),
        ("answered", quiet.answered, beside.answered),
    ):
        for title, share in (("median", 0.5), ("95th percentile", 0.95)):
            before, after = percentile(alone, share), percentile(with_noise, share)
            report.add(f"a neighbour's message {name}, {title}, alone", before * 1e3, "ms")
            report.add("  beside the noisy tenant", after * 1e3, "ms")
            report.add("  ratio", after / before, "×", most=MOST_RATIO if name == "answered" else None)


def prepare(made: Installation) -> tuple[Cast, list[Cast]]:
    """Make the noisy tenant, with old messages for its command, and its neighbours."""
    from chats.services.messages import post_message
    from tenants.scope import tenant_scope

    noisy, old = make_cast(NOISY_CHATS), make_cast(1).chats[0]
    with tenant_scope(noisy.tenant_id):
        post_message(chat_id=old, content=GREETING)
    bulk = Bulk(made)
    lengthen(bulk, old, OLD_MESSAGES)
    bulk.run("UPDATE tenants_workitem SET state = 'done', finished_at = now()")
    bulk.run("VACUUM ANALYZE")
    bulk.connection.close()
    return noisy, [make_cast(CHATS, tenant=f"neighbour-{number}") for number in range(NEIGHBOURS)]


def main() -> None:
    """Measure with web, worker and sweeper of the embedded layout."""
    with reporting() as report, installation() as made:
        noisy, calm = prepare(made)
        with made.running("web", "worker", "sweeper") as stack:
            uvloop.run(measure(report, made, stack, noisy, calm))


if __name__ == "__main__":
    main()
