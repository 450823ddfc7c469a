"""Calls to endpoints, many at a time on one event loop: one that hangs holds a socket and no thread."""

import asyncio
import threading
import time
from collections import Counter
from collections.abc import Coroutine, Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from functools import cache
from typing import Any, Final
from uuid import UUID

import httpx2

from notifications import outgoing
from notifications.services.answers import READ_BYTES, excerpt

CONNECT_SECONDS, READ_SECONDS, TOTAL_SECONDS = 5.0, 10.0, 15.0
MOST_IN_FLIGHT: Final = 200
MOST_OF_ONE_ENDPOINT: Final = 4
LONGEST_ERROR: Final = 200


@dataclass(frozen=True)
class Outcome:
    """How one call ended: the endpoint's status, or in words why there is none."""

    status: int | None
    excerpt: str
    error: str
    duration_ms: int
    retry_after: float | None = None

    @property
    def was_taken(self) -> bool:
        """Whether the endpoint has it now."""
        return self.status is not None and 200 <= self.status < 300 and not self.error

    @property
    def is_gone(self) -> bool:
        """Whether the endpoint says that it will never want anything again."""
        return self.status == 410


class Slots:
    """How many calls may be under way in this process: in all, and for one endpoint."""

    def __init__(self, most: int = MOST_IN_FLIGHT) -> None:
        self._most = most
        self._taken: Counter[UUID] = Counter()
        self._lock = threading.Lock()

    def take(self, endpoint_id: UUID, most_of_one: int) -> bool:
        """Take a slot, or say that there is none."""
        with self._lock:
            if self._taken.total() >= self._most or self._taken[endpoint_id] >= most_of_one:
                return False
            self._taken[endpoint_id] += 1
            return True

    def give_back(self, endpoint_id: UUID) -> None:
        """Give a slot back."""
        with self._lock:
            self._taken[endpoint_id] -= 1
            if self._taken[endpoint_id] <= 0:
                del self._taken[endpoint_id]

    def in_flight(self, endpoint_id: UUID | None = None) -> int:
        """Return how many calls are under way."""
        with self._lock:
            return self._taken.total() if endpoint_id is None else self._taken[endpoint_id]


slots = Slots()


class Loop:
    """One event loop in a thread of its own, for the life of the process; started when it is first needed."""

    def __init__(self) -> None:
        self._loop: asyncio.AbstractEventLoop | None = None
        self._lock = threading.Lock()

    def run(self, coroutine: Coroutine[Any, Any, None]) -> None:
        """Let it run; nobody waits for it."""
        with self._lock:
            if self._loop is None:
                self._loop = asyncio.new_event_loop()
                threading.Thread(target=self._loop.run_forever, name="webhooks", daemon=True).start()
        asyncio.run_coroutine_threadsafe(coroutine, self._loop)


loop = Loop()


@cache
def client_of_the_loop() -> httpx2.AsyncClient:
    """Return the client whose connections are bound to the loop."""
    return outgoing.async_client(
        connect=CONNECT_SECONDS, read=READ_SECONDS, total=TOTAL_SECONDS, most_connections=MOST_IN_FLIGHT
    )


async def call(url: str, *, body: str, headers: Mapping[str, str]) -> Outcome:
    """Post a body and say how that ended, after 15 seconds at the latest; never raises for what an endpoint does."""
    began = time.monotonic()

    def outcome(status: int | None, text: str, error: str, wished: float | None = None) -> Outcome:
        return Outcome(status, text, error[:LONGEST_ERROR], int((time.monotonic() - began) * 1000), wished)

    try:
        async with client_of_the_loop().stream("POST", url, content=body.encode(), headers=dict(headers)) as response:
            answer = await outgoing.read_beginning_async(response, READ_BYTES)
            status, wished = response.status_code, retry_after(response.headers.get("retry-after", ""))
    except httpx2.TimeoutException:
        return outcome(None, "", "timeout")
    except (httpx2.HTTPError, httpx2.InvalidURL) as error:
        return outcome(None, "", f"{type(error).__name__}: {error}")
    text = excerpt(answer, sent=body)
    if 300 <= status < 400:
        return outcome(status, text, "redirect: not followed", wished)
    return outcome(status, text, "" if 200 <= status < 300 else f"HTTP {status}", wished)


def retry_after(text: str) -> float | None:
    """Return the seconds of a Retry-After header, given as a number or a date; None for another."""
    if text.isascii() and text.isdecimal():
        return float(text[:9])
    try:
        return max(parsedate_to_datetime(text).timestamp() - time.time(), 0.0) if text else None
    except (ValueError, TypeError, OverflowError):
        return None
