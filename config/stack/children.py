"""Starting and ending processes so that none is left behind, however the parent ends."""

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import psutil

from config.stack.account import Account

PR_SET_PDEATHSIG = 1


def start_child(
    command: Sequence[str],
    *,
    log: Path,
    env: Mapping[str, str],
    account: Account | None = None,
    when_orphaned: signal.Signals = signal.SIGKILL,
    cwd: Path | None = None,
    pass_fds: Sequence[int] = (),
) -> subprocess.Popen[bytes]:
    """Start a process in a session of its own, with its output at the end of a log file.

    It gets `when_orphaned` from the kernel as soon as the caller's thread ends (Linux), so that even a killed
    supervisor leaves nothing behind.
    """
    with log.open("ab") as output:
        child: subprocess.Popen[bytes] = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=dict(env),
            cwd=cwd,
            start_new_session=True,
            pass_fds=pass_fds,
            preexec_fn=_die_with_parent(when_orphaned),
            **(account.switch if account else {}),  # type: ignore[call-overload]
        )
    return child


def end_children(children: Sequence[tuple[subprocess.Popen[bytes], signal.Signals, float]]) -> None:
    """End processes together: each gets its signal and its seconds, then its whole group is killed."""
    began = time.monotonic()
    for child, asked, _ in children:
        if child.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                child.send_signal(asked)
    for child, _, seconds in children:
        with contextlib.suppress(subprocess.TimeoutExpired):
            child.wait(max(0.0, began + seconds - time.monotonic()))
        kill_group(child)
        child.wait()


def kill_group(child: "subprocess.Popen[bytes]") -> None:
    """Kill whatever is left of the process group that `start_child` made.

    Of a child that was waited for, nothing may be left: then its number may be another process's by now, perhaps the
    leader of a group of its own, as each process of PostgreSQL is. While something is left, the number stays taken.
    """
    if child.returncode is not None and psutil.pid_exists(child.pid):
        return
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(child.pid, signal.SIGKILL)


def _die_with_parent(when_orphaned: signal.Signals) -> Callable[[], None] | None:
    if sys.platform != "linux":
        return None
    parent = os.getpid()
    # Loaded before the fork: between fork and exec nothing may take a lock.
    prctl = ctypes.CDLL(None, use_errno=True).prctl

    def ask_the_kernel() -> None:
        prctl(PR_SET_PDEATHSIG, int(when_orphaned), 0, 0, 0)
        if os.getppid() != parent:
            os._exit(1)

    return ask_the_kernel
