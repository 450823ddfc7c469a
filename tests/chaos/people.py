"""People who write through the widget's doors, try again when a connection breaks, and read what comes."""

import asyncio
import contextlib
import json
import random
import time
from dataclasses import dataclass, field
from typing import Any, Final

import httpx2
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import WebSocketException

from tests.chaos.installation import Tenant

QUESTIONS: Final = (
    "What are your opening hours?",
    "Where is the shop?",
    "How much is shipping?",
    "Do you ship?",
    "Which payment methods do you accept?",
    "How long does a refund take?",
    "¿Cuál es el horario de atención?",
    "Can I pick up my order in the shop?",
)
PATIENCE_SECONDS: Final = 10.0
BROKEN: Final = (OSError, WebSocketException, httpx2.HTTPError, TimeoutError)


@dataclass
class Said:
    """One message: when it was first sent, and the number that it was acknowledged with (0: not yet)."""

    key: str
    text: str
    by_socket: bool
    sent_at: float = 0.0
    accepted_at: float = 0.0
    sequence: int = 0
    message_id: str = ""
    tries: int = 0


class RefusedError(Exception):
    """The server will not take the message, however often it is sent."""


@dataclass
class Person:
    """A visitor with one conversation, who writes by REST or by the socket and listens on the socket."""

    name: str
    url: str
    http: httpx2.AsyncClient
    chance: random.Random
    token: str = ""
    chat_id: str = ""
    last: int = 0
    said: list[Said] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    seen: dict[int, tuple[float, dict[str, Any]]] = field(default_factory=dict)
    connections: int = 0
    socket: ClientConnection | None = None
    outbox: "asyncio.Queue[Said]" = field(default_factory=asyncio.Queue)
    waiting: "dict[str, asyncio.Future[dict[str, Any]]]" = field(default_factory=dict)

    async def arrive(self, tenant: Tenant) -> None:
        """Open a visitor's session, as the widget does."""
        answer = await self.http.post(
            f"{self.url}/api/v1/widget/sessions/", json={"key": tenant.key, "locale": "en"}, timeout=PATIENCE_SECONDS
        )
        answer.raise_for_status()
        opened = answer.json()
        self.token, self.chat_id = opened["token"], opened["chat"]["chat_id"]

    # Writing

    async def write(self) -> None:
        """Send what comes into the outbox, one message after the other, each until it is acknowledged."""
        while True:
            said = await self.outbox.get()
            self.said.append(said)
            said.sent_at = time.time()
            while not said.sequence and said.tries >= 0:
                said.tries += 1
                await self._try(said)

    async def _try(self, said: Said) -> None:
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                acknowledged = await (self._by_socket(said) if said.by_socket else self._by_rest(said))
        except RefusedError as refused:
            self.refused.append(f"{said.key}: {refused}")
            said.tries = -1
            return
        except BROKEN:
            said.by_socket = self.chance.random() < 0.5
            await asyncio.sleep(self._patience(said.tries))
            return
        said.accepted_at = time.time()
        said.sequence, said.message_id = int(acknowledged["sequence"]), str(acknowledged["id"])

    async def _by_rest(self, said: Said) -> dict[str, Any]:
        answer = await self.http.post(
            f"{self.url}/api/v1/chats/{self.chat_id}/messages/",
            json={"content": said.text, "client_message_id": said.key},
            headers={"Authorization": f"Bearer {self.token}"},
            timeout=PATIENCE_SECONDS,
        )
        if answer.status_code >= 500 or answer.status_code == 429:
            raise TimeoutError(answer.status_code)
        if answer.status_code not in (200, 201):
            raise RefusedError(f"{answer.status_code} {answer.text[:200]}")
        found: dict[str, Any] = answer.json()
        return found

    async def _by_socket(self, said: Said) -> dict[str, Any]:
        if self.socket is None:
            raise TimeoutError("no socket")
        future = self.waiting[said.key] = asyncio.get_running_loop().create_future()
        frame = {"type": "message.send", "client_message_id": said.key, "content": said.text}
        try:
            await self.socket.send(json.dumps(frame))
            found: dict[str, Any] = await future
            return found
        finally:
            del self.waiting[said.key]

    def _patience(self, tries: int) -> float:
        """Return how many seconds to wait before the next try: soon at first, then about one a second."""
        return float(min(0.1 * 2.0 ** min(tries, 6), 1.0)) * self.chance.uniform(0.6, 1.2)

    # Listening

    async def listen(self) -> None:
        """Keep a socket open and note every stored message that it shows; after a break go on where it ended."""
        address = f"{self.url.replace('http', 'ws', 1)}/ws/chats/{self.chat_id}/"
        failures = 0
        while True:
            with contextlib.suppress(*BROKEN):
                async with connect(
                    address,
                    subprotocols=["charla.v1", f"bearer.{self.token}"],  # type: ignore[list-item]
                    proxy=None,
                    open_timeout=5,
                    close_timeout=1,
                    compression=None,
                ) as socket:
                    await self._resume(socket)
                    self.socket = socket
                    failures = 0
                    async for text in socket:
                        self._hear(json.loads(text))
            self.socket = None
            self._forget_waiting()
            failures += 1
            await asyncio.sleep(self._patience(failures))

    async def _resume(self, socket: ClientConnection) -> None:
        """Take what came meanwhile: all of it once, in any order until `resumed`; from there on in order."""
        came: list[dict[str, Any]] = []
        async with asyncio.timeout(PATIENCE_SECONDS):
            frame = json.loads(await socket.recv())
            await socket.send(json.dumps({"type": "resume", "after_sequence": self.last}))
            while frame["type"] != "resumed":
                frame = json.loads(await socket.recv())
                if frame["type"] == "message.created":
                    came.append(frame["message"])
        self.connections += 1
        for message in sorted(came, key=lambda message: int(message["sequence"])):
            self._take(message)

    def _hear(self, frame: dict[str, Any]) -> None:
        future = self.waiting.get(str(frame.get("client_message_id")))
        if frame["type"] == "message.created":
            self._take(frame["message"])
        elif frame["type"] == "message.ack" and future is not None and not future.done():
            future.set_result(frame)
        elif frame["type"] == "error" and future is not None and not future.done():
            is_passing = frame["code"] in ("rate_limited", "maintenance")
            future.set_exception(TimeoutError() if is_passing else RefusedError(json.dumps(frame)))

    def _take(self, message: dict[str, Any]) -> None:
        sequence = int(message["sequence"])
        if sequence != self.last + 1:
            self.faults.append(f"{self.chat_id}: {sequence} came after {self.last} (connection {self.connections})")
        self.last = max(self.last, sequence)
        self.seen.setdefault(sequence, (time.time(), message))

    def _forget_waiting(self) -> None:
        for future in self.waiting.values():
            if not future.done():
                future.set_exception(TimeoutError("the socket broke"))

    # Looking back

    @property
    def is_accepted(self) -> bool:
        """Tell whether all that was said was acknowledged, or refused for good."""
        return all(said.sequence or said.tries < 0 for said in list(self.said))

    @property
    def is_served(self) -> bool:
        """Tell whether all that was said was accepted and answered, as far as this person sees."""
        last = max((said.sequence for said in list(self.said)), default=0)
        return self.is_accepted and (not last or any(covered >= last for _at, covered in self.answers()))

    def answers(self) -> list[tuple[float, int]]:
        """Return when each reply was seen, and up to which number it answers."""
        numbers = {message["id"]: sequence for sequence, (_at, message) in list(self.seen.items())}
        return [
            (at, numbers.get(message["in_response_to"], 0))
            for _sequence, (at, message) in sorted(self.seen.items())
            if message["sender"] == "agent"
        ]
