"""Doing something in a process of its own that is killed in the middle, as by the kernel when memory ends."""

import os
import signal
import time
from collections.abc import Callable

from django.db import connections


def killed(act: Callable[[], object], after: float) -> bool:
    """Run it in a copy of this process, and kill that after so many seconds (SIGKILL); tell whether it was in time.

    No connection is open in both: a socket has one owner.
    """
    connections.close_all()
    child = os.fork()
    if child == 0:
        status = 1
        try:
            act()
            status = 0
        finally:
            os._exit(status)  # nothing of the copy's is torn down: fixtures, servers and files belong to its parent
    until = time.monotonic() + after
    while time.monotonic() < until:
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            if status:
                raise AssertionError(f"what was to be killed failed by itself: {status}")
            return False
        time.sleep(0.001)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return True
