"""Pub/sub may lose what is sent while it reconnects: each process listens to its own heartbeat, and when one is missed
every open socket catches up from the database (decision 11). Idle sockets cost no query.
"""

import asyncio
import itertools
from typing import TYPE_CHECKING, Any

import structlog
from channels.layers import get_channel_layer
from redis.exceptions import RedisError

if TYPE_CHECKING:
    from chats.consumers import ChatConsumer

BEAT_SECONDS = 2.0
MISSED_SECONDS = 1.0
logger = structlog.get_logger(__name__)
_open: set["ChatConsumer"] = set()
_tasks: dict[asyncio.AbstractEventLoop, "asyncio.Task[None]"] = {}


def watch(consumer: "ChatConsumer") -> None:
    """Let a socket catch up after every missed heartbeat; the first one starts the process's heart."""
    _open.add(consumer)
    loop = asyncio.get_running_loop()
    if loop not in _tasks or _tasks[loop].done():
        _tasks[loop] = loop.create_task(_beat())


def unwatch(consumer: "ChatConsumer") -> None:
    """Forget a socket that is closed."""
    _open.discard(consumer)


async def _beat() -> None:
    layer = get_channel_layer()
    channel: str | None = None
    missed = False
    for number in itertools.count():
        channel = await _heard(layer, channel, number)
        if missed and channel is not None:
            logger.warning("channel_layer_was_away", sockets=len(_open))
            await _catch_up()
        missed = channel is None
        await asyncio.sleep(BEAT_SECONDS)


async def _heard(layer: Any, channel: str | None, number: int) -> str | None:
    """Send a beat to ourselves; return the channel that heard it, or None: a new one is needed then.

    A receive that is cut short leaves its channel, so a beat sent to it later would reach nobody.
    """
    try:
        async with asyncio.timeout(MISSED_SECONDS):
            channel = channel or await layer.new_channel("heartbeat.")
            await layer.send(channel, {"type": "heartbeat", "number": number})
            while (await layer.receive(channel)).get("number") != number:
                continue
    except (TimeoutError, RedisError, OSError):
        return None
    return channel


async def _catch_up() -> None:
    outcomes = await asyncio.gather(*(consumer.catch_up() for consumer in list(_open)), return_exceptions=True)
    for outcome in outcomes:
        if isinstance(outcome, Exception):
            logger.error("socket_did_not_catch_up", exc_info=outcome)
