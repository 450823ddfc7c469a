"""The threads of the sockets are shared by tenant: counted, not timed."""

import asyncio
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from uuid import UUID, uuid4

import pytest

from chats.realtime import work_threads
from chats.realtime.work_threads import THREADS, in_thread
from tenants.turns import Turns

NOISY, CALM = uuid4(), uuid4()


@pytest.fixture(autouse=True)
def _own(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Turns and threads of our own: those of other tests remember who was there, and keep connections."""
    with ThreadPoolExecutor(THREADS) as threads:
        monkeypatch.setattr(work_threads, "_turns", Turns(THREADS))
        monkeypatch.setattr(work_threads, "_threads", threads)
        yield


async def test_a_neighbours_frame_is_next_however_many_wait() -> None:
    gate, began = threading.Event(), list[UUID]()

    def work(whose: UUID) -> None:
        began.append(whose)
        gate.wait(60)

    waiting = [asyncio.create_task(in_thread(work, NOISY, tenant_id=NOISY)) for _ in range(100)]
    while len(began) < THREADS:
        assert not any(task.done() for task in waiting), "none ends before the gate is open"
        await asyncio.sleep(0.01)
    waiting.append(asyncio.create_task(in_thread(work, CALM, tenant_id=CALM)))
    await asyncio.sleep(0)
    gate.set()
    await asyncio.gather(*waiting)
    assert began.index(CALM) <= 2 * THREADS
    assert len(began) == 101
