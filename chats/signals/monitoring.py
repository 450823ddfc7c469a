"""How long each receiver takes and how it ended (chats-signals.md, "Métricas de Señales")."""

import time
from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

from metrics.services import MetricsService

P = ParamSpec("P")
R = TypeVar("R")


def monitor_signal(func: Callable[P, R]) -> Callable[P, R]:
    """Measure a receiver; goes inside @receiver, or the unmeasured function is connected (decision 19)."""

    @wraps(func)
    def measured(*args: P.args, **kwargs: P.kwargs) -> R:
        began, outcome = time.perf_counter(), "failed"
        try:
            result = func(*args, **kwargs)
            outcome = "done"
            return result
        finally:
            labels = {"receiver": func.__name__, "outcome": outcome}
            MetricsService().observe_histogram("signal_seconds", time.perf_counter() - began, labels=labels)

    return measured
