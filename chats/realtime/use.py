"""A person's log-in is used while that person writes over a socket, not only by requests (LOGIN_IDLE_MINUTES)."""

import time
from typing import Final

from chats.realtime.work_threads import in_thread
from tenants.callers import Caller, CallerKind
from tenants.services.sessions import note_use

# What a person does. A ping, or a resume after a lost connection, comes from a page that nobody may be looking at.
ACTS: Final = frozenset({"message.send", "typing", "read"})
NOTED_EVERY_SECONDS: Final = 120  # well below the shortest limit that can be set, five minutes


class Use:
    """What one socket has written down of its caller's log-in being used."""

    def __init__(self, caller: Caller) -> None:
        self.caller = caller
        self.noted_at = time.monotonic()  # opening it was a use: it is written down by then

    async def note(self, kind: str) -> None:
        """Write down that the log-in is used, if this kind of frame says so; at most every two minutes."""
        if self.caller.kind is not CallerKind.PERSON or kind not in ACTS:
            return
        now = time.monotonic()
        if now - self.noted_at >= NOTED_EVERY_SECONDS:
            self.noted_at = now
            await in_thread(note_use, self.caller)
