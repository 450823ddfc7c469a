"""Probes: each service really used, with a limit of time. Apps bring theirs in `health.py` (architecture.md)."""

import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as FutureTimeoutError
from dataclasses import dataclass
from threading import Lock
from typing import Any, Final

import structlog
from django.db import connections
from django.utils.functional import Promise
from django.utils.translation import gettext as _

from tenants.registry import Registry

TIMEOUT_SECONDS: Final = 2.0
FRESH_SECONDS: Final = 1.0
logger = structlog.get_logger(__name__)


class ProbeError(RuntimeError):
    """A service answers, but not as it should; the message says what is wrong."""


@dataclass(frozen=True)
class Probe:
    """How a service is tried; `run` takes the seconds it may take and raises when the service does not work.

    `advice` tells the operator what to do; it is shown to everybody, so it holds no address and no error text.
    What is `outside` is somebody else's: /readyz does not ask for it, since without it Charla serves all the same.
    """

    run: Callable[[float], object]
    advice: str | Promise
    outside: bool = False


@dataclass(frozen=True)
class Finding:
    """How one service did; `error` is for the operator's eyes alone."""

    name: str
    ok: bool
    latency_ms: float
    detail: str
    error: str = ""

    def public(self) -> dict[str, Any]:
        """Return what /readyz shows."""
        return {"ok": self.ok, "latency_ms": self.latency_ms, "detail": self.detail}


PROBES: Registry[Probe] = Registry("probe")

_threads = ThreadPoolExecutor(max_workers=16, thread_name_prefix="probe")
_running: dict[str, "Future[float]"] = {}
_lock = Lock()
_latest: tuple[float, list[Finding]] = (float("-inf"), [])


def probe(
    name: str, *, advice: str | Promise, outside: bool = False
) -> Callable[[Callable[[float], object]], Callable[[float], object]]:
    """Register a probe under the name that --service and /readyz use."""

    def register(run: Callable[[float], object]) -> Callable[[float], object]:
        PROBES.add(name, Probe(run, advice, outside))
        return run

    return register


def readiness() -> list[Finding]:
    """Try every service of ours, or return what was found less than a second ago: many askers cost one round."""
    global _latest
    with _lock:
        if time.monotonic() - _latest[0] >= FRESH_SECONDS:
            findings = examine([name for name, entry in PROBES.items() if not entry.outside])
            _latest = (time.monotonic(), findings)
        return _latest[1]


def forget() -> None:
    """Find everything out anew at the next asking."""
    global _latest
    with _lock:
        _latest = (float("-inf"), [])


def examine(names: list[str] | None = None, *, timeout: float = TIMEOUT_SECONDS) -> list[Finding]:
    """Try services side by side, each for at most `timeout` seconds; return one finding each, in order."""
    chosen = [(name, entry) for name, entry in PROBES.items() if names is None or name in names]
    began = time.monotonic()
    futures = {name: _start(name, entry, timeout) for name, entry in chosen}
    return [_finding(name, entry, futures[name], began, timeout) for name, entry in chosen]


def _start(name: str, entry: Probe, timeout: float) -> "Future[float]":
    """Begin a probe, unless an earlier one of its name still hangs: a dead service must not use up the threads."""
    hanging = _running.get(name)
    if hanging is not None and not hanging.done():
        return hanging
    _running[name] = future = _threads.submit(_measure, entry, timeout)
    return future


def _measure(entry: Probe, timeout: float) -> float:
    began = time.perf_counter()
    try:
        entry.run(timeout)
    finally:
        connections.close_all()
    return time.perf_counter() - began


def _finding(name: str, entry: Probe, future: "Future[float]", began: float, timeout: float) -> Finding:
    try:
        seconds = future.result(timeout=max(0.0, began + timeout - time.monotonic()))
    except FutureTimeoutError:
        waited = _("No answer within %(seconds)s s.") % {"seconds": f"{timeout:g}"}
        return Finding(name, ok=False, latency_ms=round(timeout * 1000, 1), detail=f"{waited} {entry.advice}")
    except Exception as error:  # noqa: BLE001 - one broken service must not hide the others; the error is logged
        logger.warning("probe_failed", service=name, error=f"{type(error).__name__}: {error}")
        elapsed = round((time.monotonic() - began) * 1000, 1)
        return Finding(name, ok=False, latency_ms=elapsed, detail=str(entry.advice), error=f"{error}")
    return Finding(name, ok=True, latency_ms=round(seconds * 1000, 1), detail="")
