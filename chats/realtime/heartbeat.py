"""Pub/sub may lose what is sent while it reconnects: each process listens to its own heartbeat, and when one is missed
every open socket catches up from the database (decision 11), and goes on doing so at each beat until one is heard
again: without Valkey people see their answers seconds later. Otherwise idle sockets cost no query.

A process that is killed between a message's commit and its publishing says nothing at all. The one that is started in
its place tells that it began, and open sockets catch up then too.
"""

import asyncio
import itertools
from typing import Any, Protocol

import structlog
from channels.layers import get_channel_layer
from redis.exceptions import RedisError

from notifications.realtime import publish_frame

BEAT_SECONDS = 2.0
MISSED_SECONDS = 1.0
PROCESSES = "processes"
logger = structlog.get_logger(__name__)
_open: set["Missing"] = set()
_tasks: dict[asyncio.AbstractEventLoop, "asyncio.Task[None]"] = {}
_present: dict[asyncio.AbstractEventLoop, asyncio.Event] = {}


class Missing(Protocol):
    """A socket, to which frames may not have come."""

    async def catch_up(self) -> None:
        """Fetch what did not come."""


def watch(consumer: Missing) -> None:
    """Let a socket catch up after every missed heartbeat; the first one starts the process's heart."""
    _open.add(consumer)
    _start()


def _start() -> asyncio.Event:
    loop = asyncio.get_running_loop()
    present = _present.setdefault(loop, asyncio.Event())
    if loop not in _tasks or _tasks[loop].done():
        _tasks[loop] = loop.create_task(_beat(present))
    return present


async def until_heard() -> None:
    """Wait for the next beat that is heard: the channel layer is away, as the caller found."""
    present = _start()
    present.clear()
    await present.wait()


def unwatch(consumer: Missing) -> None:
    """Forget a socket that is closed."""
    _open.discard(consumer)


def tell_that_a_process_began() -> None:
    """Let every open socket of every process look for what the one before this may not have published."""
    publish_frame(PROCESSES, {"type": "process.began"})


async def _beat(present: asyncio.Event) -> None:
    layer = get_channel_layer()
    channel: str | None = None
    missed = False
    for number in itertools.count():
        channel, has_begun = await _heard(layer, channel, number)
        if channel is not None:
            present.set()
        _note(missed=missed, is_heard=channel is not None, has_begun=has_begun)
        if channel is None or missed or has_begun:
            await _catch_up()
        missed = channel is None
        await asyncio.sleep(BEAT_SECONDS)


def _note(*, missed: bool, is_heard: bool, has_begun: bool) -> None:
    """Log what changed since the last beat."""
    if not is_heard and not missed:
        logger.warning("channel_layer_is_away", sockets=len(_open))
    elif is_heard and (missed or has_begun):
        logger.warning("channel_layer_was_away" if missed else "a_process_began", sockets=len(_open))


async def _heard(layer: Any, channel: str | None, number: int) -> tuple[str | None, bool]:
    """Send a beat to ourselves; return the channel that heard it, or None: a new one is needed then.

    Beside it, whether a process has begun since the last beat. A receive that is cut short leaves its channel, so a
    beat sent to it later would reach nobody.
    """
    has_begun = False
    try:
        async with asyncio.timeout(MISSED_SECONDS):
            if channel is None:
                channel = await layer.new_channel("heartbeat.")
                await layer.group_add(PROCESSES, channel)
            await layer.send(channel, {"type": "heartbeat", "number": number})
            while (heard := (await layer.receive(channel)).get("number")) != number:
                has_begun = has_begun or heard is None
    except (TimeoutError, RedisError, OSError):
        return None, has_begun
    return channel, has_begun


async def _catch_up() -> None:
    outcomes = await asyncio.gather(*(consumer.catch_up() for consumer in list(_open)), return_exceptions=True)
    for outcome in outcomes:
        if isinstance(outcome, Exception):
            logger.error("socket_did_not_catch_up", exc_info=outcome)
