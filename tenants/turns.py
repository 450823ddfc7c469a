"""Whose work runs next in a web process: threads are shared by tenant, not by who asks the most."""

import asyncio
from collections import Counter, deque
from collections.abc import AsyncIterator, Hashable
from contextlib import asynccontextmanager
from typing import Final

LATELY_SECONDS: Final = 2.0


class Turns:
    """Lets at most `most` things run at once, and takes turns between those for whom they wait.

    Whoever has been alone for the last two seconds may have all of them, otherwise half: the others find one free. For
    one event loop; what waits is kept in memory, as an ASGI server keeps what it has read.
    """

    def __init__(self, most: int) -> None:
        self.most = most
        self.running: Counter[Hashable] = Counter()
        self.waiting: dict[Hashable, deque[asyncio.Future[None]]] = {}
        self._last: Hashable = self
        self._shared_at = float("-inf")

    @asynccontextmanager
    async def of(self, who: Hashable) -> AsyncIterator[None]:
        """Wait for a turn, and hold it while the block runs."""
        self._note(who)
        if self._may_run(who) and who not in self.waiting:
            self.running[who] += 1
        else:
            await self._wait(who)
        try:
            yield
        finally:
            self._leave(who)

    def _note(self, who: Hashable) -> None:
        if self._last not in (who, self):
            self._shared_at = asyncio.get_running_loop().time()
        self._last = who

    def _may_run(self, who: Hashable) -> bool:
        is_alone = asyncio.get_running_loop().time() - self._shared_at > LATELY_SECONDS
        most = self.most if is_alone else max(1, self.most // 2)
        return self.running.total() < self.most and self.running[who] < most

    async def _wait(self, who: Hashable) -> None:
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.waiting.setdefault(who, deque()).append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self._leave(who)  # the turn came at the same moment
            raise

    def _leave(self, who: Hashable) -> None:
        self.running[who] -= 1
        if not self.running[who]:
            del self.running[who]
        while self._give_one():
            pass

    def _give_one(self) -> bool:
        """Give a turn to the first in line that may run, who then goes to the end; tell whether there was one."""
        who = next((each for each in self.waiting if self._may_run(each)), self)
        if who is self:
            return False
        turns = self.waiting.pop(who)
        turn = turns.popleft()
        if turns:
            self.waiting[who] = turns
        if not turn.done():
            self.running[who] += 1
            turn.set_result(None)
        return True
