"""The files by which the processes of one installation add up their metrics (decision 39).

Each process writes its own; a scrape reads all of them. What a dead process counted is kept: it moves into the file of
"process 0", so that a restart is no reset and no loss.
"""

import fcntl
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import structlog
from django.conf import settings

logger = structlog.get_logger(__name__)
VARIABLE = "PROMETHEUS_MULTIPROC_DIR"


def directory() -> Path:
    """Return this host's folder: process ids say nothing about another host's processes."""
    return Path(settings.PROMETHEUS_DIR) / socket.gethostname()


# prometheus-client chooses how it counts when it is imported. A value inherited from a parent process would lead
# to another installation's folder.
os.environ[VARIABLE] = str(directory())

from prometheus_client import mmap_dict, multiprocess  # noqa: E402

# The library has no types for these; they are what its own documentation calls the multiprocess mode's files.
_open_values: Any = mmap_dict.MmapedDict
_key_of: Any = mmap_dict.mmap_key
_merge: Any = multiprocess.MultiProcessCollector.merge


@cache
def prepare() -> bool:
    """Make the folder and tidy up after dead processes, once a process; False when the folder cannot be used."""
    folder = directory()
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        logger.warning("metrics_are_off", folder=str(folder), error=str(error))
        return False
    if not os.access(folder, os.W_OK | os.X_OK):
        logger.warning("metrics_are_off", folder=str(folder), error="not writable")
        return False
    try:
        with _sole() as is_mine:
            if is_mine:
                adopt_files_of_the_dead(folder)
    except OSError as error:  # another user's files: they are counted where they are
        logger.info("metrics_not_tidied", folder=str(folder), error=str(error))
    return True


@contextmanager
def _sole() -> Iterator[bool]:
    """Hold the folder's lock, without waiting for it."""
    with (directory() / ".lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
        else:
            yield True


def adopt_files_of_the_dead(folder: Path) -> None:
    """Move what dead processes counted into the files of process 0; their gauges say nothing any more."""
    for path in sorted(folder.glob("*.db")):
        kind, _, process = path.stem.rpartition("_")
        if not process.isdigit() or process == "0" or _is_alive(int(process)):
            continue
        if kind in {"counter", "histogram"}:
            _add_to(folder / f"{kind}_0.db", path)
        path.unlink(missing_ok=True)


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _add_to(target: Path, source: Path) -> None:
    values = _open_values(str(target))
    try:
        for metric in _merge([str(source)], accumulate=False):
            for sample in metric.samples:
                names, labels = tuple(sample.labels), tuple(sample.labels.values())
                key = _key_of(metric.name, sample.name, names, labels, metric.documentation)
                value, _timestamp = values.read_value(key)
                values.write_value(key, value + sample.value, 0.0)
    finally:
        values.close()
