"""Signals as something that a loop can wait for."""

import os
import select
import signal
from types import FrameType, TracebackType

from config.stack.errors import StopRequested

ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Interruptions:
    """While entered, asks for the end are counted instead of ending the process, and waits wake up for them."""

    def __init__(self) -> None:
        self.asked = 0
        self._reader, self._writer = os.pipe()

    def __enter__(self) -> "Interruptions":
        for end in (self._reader, self._writer):
            os.set_blocking(end, False)
        signal.set_wakeup_fd(self._writer, warn_on_full_buffer=False)
        for number in ENDING:
            signal.signal(number, self._count)
        signal.signal(signal.SIGCHLD, lambda number, frame: None)  # so that a child's end wakes the loop
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        signal.set_wakeup_fd(-1)
        for number in ENDING:
            signal.signal(number, signal.SIG_IGN)  # a last impatient Ctrl-C must not break the farewell
        os.close(self._reader)
        os.close(self._writer)

    def _count(self, number: int, frame: FrameType | None) -> None:
        self.asked += 1

    def wait(self, seconds: float) -> None:
        """Sleep until a signal comes, for the given time at most."""
        if select.select([self._reader], [], [], max(0.0, seconds))[0]:
            os.read(self._reader, 4096)

    def pause(self, seconds: float) -> None:
        """Sleep as `wait` does; raise StopRequested as soon as the end was asked for."""
        if not self.asked:
            self.wait(seconds)
        if self.asked:
            raise StopRequested
