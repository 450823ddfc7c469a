"""Who of this process listens to a chat: one channel of the layer for all its sockets.

A frame is read once a chat and process, however many hear it; a channel for each socket would read it for each
(182 µs of a delivery against 52, see benchmarks/README.md).
"""

import asyncio
from collections import deque
from contextlib import suppress
from typing import Any, Final, Protocol

import structlog
from channels.layers import get_channel_layer
from redis.exceptions import RedisError

from chats.realtime import heartbeat

LONGEST_BACKLOG: Final = 200
LONGEST_JOIN_SECONDS: Final = 1.0
AWAY: Final = (RedisError, OSError)
logger = structlog.get_logger(__name__)
Event = dict[str, Any]


class Listener(Protocol):
    """A socket."""

    async def chat_message(self, event: Event) -> None:
        """Take one frame of the chat's group."""

    async def catch_up(self) -> None:
        """Fetch what did not come."""


class Ear:
    """One listener's frames, in order: a slow one keeps nobody waiting, and fetches what was too much for it."""

    def __init__(self, listener: Listener) -> None:
        self.listener = listener
        self.waiting: deque[Event] = deque()
        self.has_missed = False
        self.hearing: asyncio.Task[None] | None = None

    def put(self, event: Event) -> None:
        """Let the listener have a frame as soon as it can."""
        if len(self.waiting) < LONGEST_BACKLOG:
            self.waiting.append(event)
        else:
            self.has_missed = True
        self._listen()

    def miss(self) -> None:
        """Let the listener fetch what it could not hear."""
        self.has_missed = True
        self._listen()

    def _listen(self) -> None:
        if self.hearing is None or self.hearing.done():
            self.hearing = asyncio.get_running_loop().create_task(self._hear())

    async def _hear(self) -> None:
        with suppress(OSError):  # the client has gone: its disconnect follows
            while self.waiting or self.has_missed:
                if self.waiting:
                    await self.listener.chat_message(self.waiting.popleft())
                if self.has_missed and not self.waiting:
                    self.has_missed = False
                    await self.listener.catch_up()


class Audience:
    """The sockets of one group; `ready` ends when the layer's group has been joined, however long the layer is away."""

    def __init__(self, group: str) -> None:
        self.group = group
        self.ears: dict[Listener, Ear] = {}
        self.layer = get_channel_layer()
        self.channel = ""
        self.listening: asyncio.Task[None] | None = None
        self.ready = asyncio.get_running_loop().create_task(self._join())

    async def _join(self) -> None:
        is_late = False
        while not self.channel:
            try:
                channel = await self.layer.new_channel("chat.")
                await self.layer.group_add(self.group, channel)
                self.channel = channel
            except AWAY:
                is_late = True
                await heartbeat.until_heard()
        self.listening = asyncio.get_running_loop().create_task(self._listen())
        if is_late:
            for ear in self.ears.values():
                ear.miss()

    async def _listen(self) -> None:
        while True:
            event = await self.layer.receive(self.channel)
            for ear in list(self.ears.values()):
                ear.put(event)

    async def close(self) -> None:
        """Leave the layer's group."""
        self.ready.cancel()
        if self.channel:
            with suppress(*AWAY):  # then there is no group to leave
                await self.layer.group_discard(self.group, self.channel)
        if self.listening is not None:
            self.listening.cancel()  # which makes the layer forget the channel


_audiences: dict[tuple[asyncio.AbstractEventLoop, str], Audience] = {}


async def join(group: str, listener: Listener) -> None:
    """Let a socket hear its group from now on, or, while the channel layer is away, as soon as it is back."""
    key = asyncio.get_running_loop(), group
    audience = _audiences.get(key) or _audiences.setdefault(key, Audience(group))
    audience.ears[listener] = Ear(listener)
    try:
        async with asyncio.timeout(LONGEST_JOIN_SECONDS):
            await asyncio.shield(audience.ready)
    except TimeoutError:
        logger.warning("group_not_joined_yet", group=group)
    except BaseException:
        await leave(group, listener)
        raise


async def leave(group: str, listener: Listener) -> None:
    """Let a socket hear no more; the last one of a group takes the process out of it."""
    key = asyncio.get_running_loop(), group
    audience = _audiences.get(key)
    if audience is None or audience.ears.pop(listener, None) is None:
        return
    if not audience.ears:
        del _audiences[key]
        await audience.close()
