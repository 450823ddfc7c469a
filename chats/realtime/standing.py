"""Closes sockets whose callers may no longer be there: deactivated, removed, revoked, suspended, or of another role.

Each process asks the database about all of its sockets' callers at once, every few seconds: whatever changed, and by
whatever way, a lost frame or a killed process hides nothing. The cost is that of a few statements a process, however
many sockets are open (benchmarks/README.md).
"""

import asyncio
from collections.abc import Sequence
from typing import Final, Protocol

import structlog
from django.db import DatabaseError

from chats.realtime.admission import UNKNOWN_CALLER
from chats.realtime.work_threads import in_thread
from chats.services.visitors import visitors_gone
from tenants.callers import Caller
from tenants.limits import open_sockets
from tenants.services.standing import Standing, standings

CHECK_SECONDS: Final = 2.5  # half of what is promised: the check itself takes time too
RIGHTS_CHANGED: Final = 1012  # “service restart”: who dials again is let in by its rights of now
CODES: Final = {Standing.GONE: UNKNOWN_CALLER, Standing.CHANGED: RIGHTS_CHANGED}
logger = structlog.get_logger(__name__)


class Closable(Protocol):
    """A socket."""

    async def close(self, code: int) -> None:
        """Close it with a code."""


_open: dict[Closable, Caller] = {}
_tasks: dict[asyncio.AbstractEventLoop, "asyncio.Task[None]"] = {}


def watch(socket: Closable, caller: Caller) -> None:
    """Close a socket once its caller may no longer be there; the first one starts the process's guard."""
    _open[socket] = caller
    loop = asyncio.get_running_loop()
    if loop not in _tasks or _tasks[loop].done():
        _tasks[loop] = loop.create_task(_guard())


def unwatch(socket: Closable) -> None:
    """Forget a socket that is closed."""
    _open.pop(socket, None)


async def _guard() -> None:
    while True:
        await in_thread(open_sockets.live_on)
        await asyncio.sleep(CHECK_SECONDS)
        if not _open:
            continue
        try:
            await _check()
        except DatabaseError as error:  # nothing can be read or written then: the next round asks again
            logger.warning("sockets_not_checked", sockets=len(_open), error=str(error))


async def _check() -> None:
    watched = list(_open.items())
    became = await in_thread(standings_of, [caller for _socket, caller in watched])
    ended = [
        (socket, standing)
        for (socket, _caller), standing in zip(watched, became, strict=True)
        if standing is not Standing.SAME and socket in _open
    ]
    for socket, _standing in ended:
        unwatch(socket)
    outcomes = await asyncio.gather(
        *(socket.close(CODES[standing]) for socket, standing in ended), return_exceptions=True
    )
    for (_socket, standing), outcome in zip(ended, outcomes, strict=True):
        logger.info("socket_closed", standing=standing.value, error=outcome and repr(outcome))


def standings_of(callers: Sequence[Caller]) -> list[Standing]:
    """Return what became of each caller, in their order."""
    others = [caller for caller in callers if not caller.is_visitor]
    known = iter(standings(others))
    gone = visitors_gone([caller for caller in callers if caller.is_visitor])
    return [
        (Standing.GONE if caller.proof in gone else Standing.SAME) if caller.is_visitor else next(known)
        for caller in callers
    ]
