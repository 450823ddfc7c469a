"""Many people at once, in a thread of their own, writing at a steady rate."""

import asyncio
import logging
import random
import threading
import time
from collections.abc import Coroutine
from typing import Any

import httpx2
import uvloop

from tests.chaos.installation import Installation
from tests.chaos.people import QUESTIONS, Person, Said


class Crowd:
    """`messages` messages by `people` people, `rate` a second; who says what is decided by the seed."""

    def __init__(self, running: Installation, *, people: int, messages: int, rate: float, seed: str) -> None:
        self.running, self.count, self.messages, self.rate = running, people, messages, rate
        self.chance = random.Random(seed)
        self.people: list[Person] = []
        self.arrived, self.stopped = threading.Event(), threading.Event()
        self.handed_out = 0
        self.error: BaseException | None = None
        self.thread = threading.Thread(target=self._run, name="crowd", daemon=True)

    def start(self) -> None:
        """Let everybody come in and begin to write; returns when all are there."""
        self.thread.start()
        while not self.arrived.wait(0.02):
            self.running.watch()
            self.raise_error()

    def stop(self) -> None:
        """Let everybody leave."""
        self.stopped.set()
        self.thread.join(20)
        self.raise_error()

    def raise_error(self) -> None:
        """Raise what ended the crowd's thread, if anything did."""
        if self.error is not None:
            raise self.error

    @property
    def is_served(self) -> bool:
        """Tell whether everything was said and everybody has seen the answer."""
        return self.handed_out == self.messages and all(
            person.outbox.empty() and person.is_served for person in list(self.people)
        )

    @property
    def is_accepted(self) -> bool:
        """Tell whether everything was said and acknowledged."""
        return self.handed_out == self.messages and all(
            person.outbox.empty() and person.is_accepted for person in list(self.people)
        )

    @property
    def said(self) -> list[Said]:
        """All that was said."""
        return [said for person in self.people for said in person.said]

    def _run(self) -> None:
        try:
            uvloop.run(self._live())
        except BaseException as error:  # noqa: BLE001 - raised again in the main thread
            self.error = error
            self.arrived.set()

    async def _live(self) -> None:
        logging.getLogger("httpx2").setLevel(logging.WARNING)
        limits = httpx2.Limits(max_connections=self.count, max_keepalive_connections=self.count)
        async with httpx2.AsyncClient(limits=limits, trust_env=False) as http:
            for number in range(self.count):
                tenant = self.running.tenants[number % len(self.running.tenants)]
                chance = random.Random(f"{self.chance.random()} {number}")
                person = Person(f"p{number}", self.running.url, http, chance)
                await person.arrive(tenant)
                self.people.append(person)
            lives: list[Coroutine[Any, Any, None]] = [self._hand_out(), self._until_stopped()]
            lives += [life for person in self.people for life in (person.listen(), person.write())]
            tasks = [asyncio.ensure_future(life) for life in lives]
            self.arrived.set()
            try:
                await asyncio.wait(tasks[1:], return_when=asyncio.FIRST_COMPLETED)
            finally:
                for task in tasks:
                    task.cancel()
                outcomes = await asyncio.gather(*tasks, return_exceptions=True)
            for outcome in outcomes:
                if isinstance(outcome, Exception):
                    raise outcome

    async def _hand_out(self) -> None:
        began = time.monotonic()
        for number in range(self.messages):
            await asyncio.sleep(max(0.0, began + number / self.rate - time.monotonic()))
            person = self.chance.choice(self.people)
            text = f"{self.chance.choice(QUESTIONS)}"
            person.outbox.put_nowait(Said(f"m{number}", text, by_socket=self.chance.random() < 0.5))
            self.handed_out += 1

    async def _until_stopped(self) -> None:
        while not self.stopped.is_set():
            await asyncio.sleep(0.05)
