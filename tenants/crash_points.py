"""Named lines at which the suite kills a process (architecture.md, "Work that must not be lost")."""

import os
import signal
from pathlib import Path

from django.conf import settings


def crash_point(name: str) -> None:
    """Kill this process with SIGKILL when the setting CRASH_POINT is `name:file` and the file is there.

    The file is taken away first, so that only one process dies and once. A setting for tests alone.
    """
    wanted, _, latch = settings.CRASH_POINT.partition(":")
    if wanted != name:
        return
    try:
        Path(latch).unlink()
    except FileNotFoundError:
        return
    os.kill(os.getpid(), signal.SIGKILL)
