"""One event loop beside a worker's threads: a language model's client is shared by them and must live on one loop.

Shared by several loops it fails ("different event loop"); a loop for each call would open a connection for each.
"""

import asyncio
import os
import queue
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import CancelledError, Future
from concurrent.futures import TimeoutError as FutureTimeoutError
from typing import Final, TypeVar

T = TypeVar("T")

HEARTBEAT_SECONDS: Final = 1.0
CLOSING_SECONDS: Final = 2.0
_lock: Final = threading.Lock()
_loops: Final[dict[int, asyncio.AbstractEventLoop]] = {}


def background_loop() -> asyncio.AbstractEventLoop:
    """Return this process' loop; it runs in a thread of its own from the first call on."""
    pid = os.getpid()  # a forked child has the loop, but not the thread that runs it
    with _lock:
        if pid not in _loops:
            loop = asyncio.new_event_loop()
            threading.Thread(target=loop.run_forever, name="models", daemon=True).start()
            _loops[pid] = loop
        return _loops[pid]


def iterate(make: Callable[[], AsyncIterator[T]], *, heartbeat: float = HEARTBEAT_SECONDS) -> Iterator[T | None]:
    """Yield what an asynchronous iterator yields on the background loop, and None whenever it is quiet for a while.

    So that who listens can look, at least every `heartbeat` seconds, whether anybody still wants the rest. Its errors
    are raised here. Closing this closes the asynchronous iterator, and with it its connection.
    """
    pieces: queue.SimpleQueue[T | Future[None]] = queue.SimpleQueue()

    async def work() -> None:
        made = make()
        try:
            async for piece in made:
                pieces.put(piece)
        finally:
            await made.aclose()  # type: ignore[attr-defined]  # an asynchronous generator

    future = asyncio.run_coroutine_threadsafe(work(), background_loop())
    future.add_done_callback(pieces.put)
    try:
        while True:
            try:
                piece = pieces.get(timeout=heartbeat)
            except queue.Empty:
                yield None
                continue
            if isinstance(piece, Future):
                piece.result()
                return
            yield piece
    finally:
        _end(future)


def _end(future: "Future[None]") -> None:
    """End what still runs and give it a moment to close its connection."""
    if future.done():
        return
    future.cancel()
    try:
        future.exception(timeout=CLOSING_SECONDS)
    except (CancelledError, FutureTimeoutError):
        return
