"""Scenarios made of many short rounds, each in a conversation of its own, several at the same time."""

import asyncio
import logging
import os
import threading
import time
from collections.abc import Callable, Coroutine, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from functools import partial
from typing import Any, Final

import httpx2
import uvloop

from tests.chaos.installation import Installation, Tenant, installation
from tests.chaos.plan import Plan
from tests.chaos.striking import wait_whole
from tests.chaos.trial import SETTINGS, Steps, keep_logs
from tests.chaos.verdict import CHATS, WORK, Chat, Stored, Verdict, judge_chat, stored_messages

SETTLE_SECONDS: Final = 300.0


@dataclass
class Round:
    """One conversation: what was said in it, as the server acknowledged it, and when."""

    number: int
    plan: Plan
    tenant: Tenant
    url: str
    http: httpx2.AsyncClient
    chat_id: str = ""
    said: int = 0
    notes: dict[str, Any] = field(default_factory=dict)
    acknowledged: dict[int, float] = field(default_factory=dict)

    async def open(self, channel: str) -> None:
        """Open the conversation, by the tenant's key."""
        body = {"user_id": f"round-{self.number}", "channel": channel}
        self.chat_id = (await self._post("/api/v1/chats/", body))["chat_id"]

    async def say(self, content: str, **fields: str) -> dict[str, Any]:
        """Store one message; `sender` says in whose name."""
        self.said += 1
        body = {"content": content, "client_message_id": f"c{self.said}", **fields}
        stored = await self._post(f"/api/v1/chats/{self.chat_id}/messages/", body)
        self.acknowledged[int(stored["sequence"])] = time.time()
        return stored

    async def _post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        headers = {"Authorization": f"Api-Key {self.tenant.secret}"}
        send = partial(self.http.post, self.url + path, json=body, headers=headers, timeout=30)
        try:
            answer = await send()
        except httpx2.NetworkError:  # the server closed a connection that was idle; the message has its key
            answer = await send()
        answer.raise_for_status()
        found: dict[str, Any] = answer.json()
        return found


@dataclass(frozen=True)
class Game:
    """What a round does, and how it is judged.

    `judge` gets the round and its conversation and returns what is wrong by kind, or None when the round does not
    count: the machine was too slow to make it what it should have been.
    """

    play: Callable[[Round], Coroutine[Any, Any, None]]
    judge: Callable[[Round, Chat, Sequence[Stored]], dict[str, str] | None]
    settings: dict[str, Any] = field(default_factory=dict)
    env: dict[str, str] = field(default_factory=dict)
    model: Callable[[], AbstractContextManager[str]] = lambda: nullcontext("")


@dataclass(frozen=True)
class Rounds:
    """As many rounds as the plan has blows, `at_once` at the same time."""

    plan: Plan
    game: Game
    at_once: int
    tenants: int = 4

    @property
    def name(self) -> dict[str, Any]:
        """Return what must be the same for parts to add up."""
        return {**asdict(self.plan), "messages": 0, "people": self.at_once, "tenants": self.tenants}

    def run_part(self, first: int, count: int) -> Steps:
        """Play `count` rounds from the `first` on; yield after each, and return the part's report."""
        settings = {**SETTINGS, **self.game.settings}
        with (
            self.game.model() as model_url,
            installation(self.tenants, settings, env=self.game.env, model_url=model_url) as running,
        ):
            if not wait_whole(running):
                raise RuntimeError("The installation did not come up.")
            report = yield from Playing(self, running, first, count).run()
            if report["faults"]:
                report["logs"] = keep_logs(running)
        return report


class Playing:
    """One part while it runs: the rounds in a thread, the processes watched in this one."""

    def __init__(self, rounds: Rounds, running: Installation, first: int, count: int) -> None:
        self.rounds, self.running, self.first, self.count = rounds, running, first, count
        self.played: list[Round] = []
        self.error: BaseException | None = None
        self.thread = threading.Thread(target=self._run, name="rounds", daemon=True)

    def run(self) -> Steps:
        """Play, wait until all work is done, judge."""
        began, loads, told = datetime.now(UTC), [os.getloadavg()[0]], 0
        self.thread.start()
        while self.thread.is_alive() or told < len(self.played):
            self.running.watch()
            while told < len(self.played):
                yield self.first + told
                told += 1
                loads.append(os.getloadavg()[0])
        if self.error is not None:
            raise self.error
        until = time.monotonic() + SETTLE_SECONDS
        while self.running.rows(WORK) and time.monotonic() < until:
            self.running.watch(0.2)
        load = [round(min(loads), 2), round(sum(loads) / len(loads), 2), round(max(loads), 2)]
        return {**self._report(began), "load": load}

    def _run(self) -> None:
        logging.getLogger("httpx2").setLevel(logging.WARNING)
        try:
            uvloop.run(self._play())
        except BaseException as error:  # noqa: BLE001 - raised again in the main thread
            self.error = error

    async def _play(self) -> None:
        numbers = iter(range(self.first, self.first + self.count))
        limits = httpx2.Limits(max_connections=2 * self.rounds.at_once, max_keepalive_connections=self.rounds.at_once)
        async with httpx2.AsyncClient(limits=limits, trust_env=False) as http, asyncio.TaskGroup() as together:
            for _ in range(self.rounds.at_once):
                together.create_task(self._play_some(numbers, http))

    async def _play_some(self, numbers: Any, http: httpx2.AsyncClient) -> None:
        for number in numbers:
            tenant = self.running.tenants[number % len(self.running.tenants)]
            played = Round(number, self.rounds.plan, tenant, self.running.url, http)
            await self.rounds.game.play(played)
            self.played.append(played)

    def _report(self, began: datetime) -> dict[str, Any]:
        ids = [played.chat_id for played in self.played]
        stored = stored_messages(self.running, ids)
        chats = {row[0]: Chat(*row) for row in self.running.rows(CHATS, ids)}
        verdict, own, left_out = Verdict(), dict[str, list[str]](), 0
        for played in self.played:
            chat, messages = chats[played.chat_id], stored[played.chat_id]
            judge_chat(verdict, chat, messages)
            wrong = self.rounds.game.judge(played, chat, messages)
            left_out += wrong is None
            for kind, what in (wrong or {}).items():
                own.setdefault(kind, []).append(f"round {played.number}, {chat.chat_id}: {what}")
        verdict.left_over += [f"{count} turns are {state}" for state, count in self.running.rows(WORK)]
        return {
            "first": self.first,
            "blows": self.count,
            "began": began.isoformat(timespec="seconds"),
            "seconds": round((datetime.now(UTC) - began).total_seconds(), 1),
            "said": sum(played.said for played in self.played),
            "accepted": sum(played.said for played in self.played),
            "sent_again": 0,
            "replies": sum(message.is_automatic for messages in stored.values() for message in messages),
            "connections": 0,
            "left_out": left_out,
            "faults": verdict.faults + sum(len(found) for found in own.values()),
            "verdict": {**asdict(verdict), **own},
            "recovery": [],
        }
