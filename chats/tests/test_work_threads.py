"""The threads of the sockets are shared by tenant: counted, not timed."""

import asyncio
import threading
from uuid import UUID, uuid4

import pytest

from chats.realtime.work_threads import THREADS, in_thread
from tenants.turns import Turns

NOISY, CALM = uuid4(), uuid4()


async def test_a_neighbours_frame_is_next_however_many_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    # Of its own: beside somebody who was there a moment ago, a tenant has half of the threads.
    monkeypatch.setattr("chats.realtime.work_threads._turns", Turns(THREADS))
    gate, began = threading.Event(), list[UUID]()

    def work(whose: UUID) -> None:
        began.append(whose)
        gate.wait(60)

    waiting = [asyncio.create_task(in_thread(work, NOISY, tenant_id=NOISY)) for _ in range(100)]
    while len(began) < THREADS:
        await asyncio.sleep(0.01)
    waiting.append(asyncio.create_task(in_thread(work, CALM, tenant_id=CALM)))
    await asyncio.sleep(0)
    gate.set()
    await asyncio.gather(*waiting)
    assert began.index(CALM) <= 2 * THREADS
    assert len(began) == 101
