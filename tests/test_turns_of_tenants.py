"""The web server's threads are shared by tenant: counted, not timed."""

import asyncio
import threading
from collections.abc import Callable

from asgiref.testing import ApplicationCommunicator

from config.http_threads import TENANT, HTTPThreads
from tenants.turns import LATELY_SECONDS, Turns

THREADS = 4


async def hold(turns: Turns, who: str, began: list[str], done: asyncio.Event) -> None:
    """Hold a turn until `done`."""
    async with turns.of(who):
        began.append(who)
        await done.wait()


async def settle() -> None:
    """Let everything that can go on do so."""
    for _ in range(20):
        await asyncio.sleep(0)


def crowd(turns: Turns, who: str, count: int, began: list[str]) -> list[tuple[asyncio.Event, asyncio.Task[None]]]:
    """Let so many requests come at once."""
    made = []
    for _ in range(count):
        done = asyncio.Event()
        made.append((done, asyncio.create_task(hold(turns, who, began, done))))
    return made


async def end(requests: list[tuple[asyncio.Event, asyncio.Task[None]]]) -> None:
    """Let requests run to their ends."""
    for done, _task in requests:
        done.set()
    await asyncio.gather(*(task for _done, task in requests))


async def test_who_is_alone_has_every_thread() -> None:
    turns, began = Turns(THREADS), list[str]()
    noisy = crowd(turns, "noisy", 10, began)
    await settle()
    assert began == ["noisy"] * THREADS
    await end(noisy)


async def test_a_neighbours_request_is_next_however_many_wait() -> None:
    turns, began = Turns(THREADS), list[str]()
    noisy = crowd(turns, "noisy", 200, began)
    await settle()
    calm = crowd(turns, "calm", 1, began)
    await settle()
    noisy[0][0].set()
    noisy[1][0].set()
    await settle()
    assert began.index("calm") <= THREADS, "two requests of the 200 have ended, and the neighbour's runs"
    await end([*noisy, *calm])
    assert len(began) == 201


async def test_beside_others_one_tenant_has_half_of_the_threads() -> None:
    turns, began = Turns(THREADS), list[str]()
    calm = crowd(turns, "calm", 1, began)
    await settle()
    await end(calm)
    noisy = crowd(turns, "noisy", 200, began)
    await settle()
    assert began.count("noisy") == THREADS // 2
    calm = crowd(turns, "calm", 1, began)
    await settle()
    assert began[-1] == "calm", "it found a thread free"
    await end([*noisy, *calm])


async def test_after_a_while_alone_it_has_all_of_them_again() -> None:
    turns, began = Turns(THREADS), list[str]()
    calm = crowd(turns, "calm", 1, began)
    noisy = crowd(turns, "noisy", 10, began)
    await settle()
    await end(calm)
    assert began.count("noisy") == THREADS // 2
    turns._shared_at -= LATELY_SECONDS
    noisy[0][0].set()
    await settle()
    assert began.count("noisy") == THREADS + 1
    await end(noisy)


async def test_who_goes_away_while_waiting_takes_no_turn_along() -> None:
    turns, began = Turns(1), list[str]()
    first, gone, last = (crowd(turns, who, 1, began) for who in ("first", "gone", "last"))
    await settle()
    gone[0][1].cancel()
    await settle()
    await end(first)
    await settle()
    assert began == ["first", "last"]
    await end(last)
    assert not turns.running


def served_by(began: list[str], wait: Callable[[], object]) -> HTTPThreads:
    """Return a server of one thread whose application tells for whom it works, by the credential's first word."""

    def application(environ: dict[str, object], start_response: Callable[..., object]) -> list[bytes]:
        tenant = str(environ.get("HTTP_AUTHORIZATION", "")).split(" ")[0]
        began.append(tenant)
        environ[TENANT] = tenant
        wait()
        start_response("200 OK", [])
        return Answer([b""])

    return HTTPThreads(application, threads=1)


class Answer(list[bytes]):
    """A whole answer, as Django's are."""

    streaming = False

    def close(self) -> None:
        """Nothing is open."""


def ask(server: HTTPThreads, credential: str) -> ApplicationCommunicator:
    """Begin a request with a credential."""
    scope = {
        "type": "http", "http_version": "1.1", "method": "GET", "path": "/", "query_string": b"", "scheme": "http",
        "headers": [(b"authorization", credential.encode())], "server": ("testserver", 80), "client": ("192.0.2.7", 1),
    }  # fmt: skip
    return ApplicationCommunicator(server, scope)


async def answered(asked: ApplicationCommunicator) -> None:
    """Wait for the whole answer."""
    await asked.send_input({"type": "http.request", "body": b""})
    await asked.receive_output(20)
    await asked.receive_output(20)
    await asked.wait(20)


async def test_all_keys_of_a_tenant_wait_in_one_line() -> None:
    began: list[str] = []
    gate = threading.Event()
    gate.set()
    server = served_by(began, gate.wait)
    keys = [f"noisy {number}" for number in range(20)]
    for key in (*keys, "calm 1"):
        await answered(ask(server, key))  # from now on it is known whose they are
    began.clear()
    gate.clear()
    waiting = [asyncio.create_task(answered(ask(server, key))) for key in keys]
    await asyncio.sleep(0.05)
    waiting.append(asyncio.create_task(answered(ask(server, "calm 1"))))
    await asyncio.sleep(0.05)
    gate.set()
    await asyncio.gather(*waiting)
    assert began.index("calm") <= 2, began
    assert len(began) == 21
