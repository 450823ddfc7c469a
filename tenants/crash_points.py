"""Named lines at which the suite kills a process (architecture.md, "Work that must not be lost")."""

import os
import signal
from pathlib import Path

from django.conf import settings


def crash_point(name: str) -> None:
    """Kill this process with SIGKILL when the folder CRASH_POINTS holds a file of this name.

    The file is taken away first, so that one process dies, and once. A setting for tests alone.
    """
    if not settings.CRASH_POINTS:
        return
    try:
        Path(settings.CRASH_POINTS, name).unlink()
    except FileNotFoundError:
        return
    os.kill(os.getpid(), signal.SIGKILL)
