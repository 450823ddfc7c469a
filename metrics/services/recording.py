"""Counting and measuring; a few microseconds each, so that it can stand on the way of a message."""

import re
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from threading import Lock
from typing import Any, Final

from metrics.definitions import METRICS, PREFIX, Definition, UnboundedLabelError
from metrics.services.process_files import prepare

from prometheus_client import Counter, Gauge, Histogram  # isort: skip - after process_files, which says how it counts

Labels = Mapping[str, str]

MOST_SERIES: Final = 1_000
LOOKS_LIKE_AN_ID: Final = re.compile(r"[0-9a-fA-F]{8}-?[0-9a-fA-F]{4}-|\d{6,}|@")
_metrics: dict[str, Any] = {}
_series: dict[tuple[str, ...], Any] = {}
_lock = Lock()


class UnknownMetricError(LookupError):
    """A metric that is not in METRICS, or is of another kind."""


class MetricsService:
    """The documents' three verbs; names without the prefix `charla_`, labels exactly as in METRICS.

    Raises UnknownMetricError for a name that is not there, ValueError for other labels than the metric's own, and
    UnboundedLabelError for a value that looks like somebody's id.
    """

    @staticmethod
    def increment_counter(metric_name: str, labels: Labels | None = None, value: float = 1) -> None:
        """Add to a counter."""
        if series := _find("counter", metric_name, labels):
            series.inc(value)

    @staticmethod
    def set_gauge(metric_name: str, value: float, labels: Labels | None = None) -> None:
        """Set a gauge; of several processes the one that set it last counts."""
        if series := _find("gauge", metric_name, labels):
            series.set(value)

    @staticmethod
    def observe_histogram(metric_name: str, value: float, labels: Labels | None = None) -> None:
        """Put a value into a histogram."""
        if series := _find("histogram", metric_name, labels):
            series.observe(value)


@contextmanager
def stage(name: str) -> Iterator[None]:
    """Measure a stage of the pipeline, as a `with` block or as a decorator."""
    began = time.perf_counter()
    try:
        yield
    finally:
        MetricsService.observe_histogram("pipeline_stage_seconds", time.perf_counter() - began, {"stage": name})


def _find(kind: str, name: str, labels: Labels | None) -> Any:
    """Return the series to write to; None where metrics are off in this process."""
    given = labels or {}
    key = (kind, name, *given, *given.values())
    found = _series.get(key)
    if found is None and prepare():
        with _lock:
            found = _series[key] = _series.get(key) or _new_series(kind, name, given)
    return found


def _new_series(kind: str, name: str, labels: Labels) -> Any:
    if name not in METRICS or METRICS[name].kind != kind:
        raise UnknownMetricError(f"There is no {kind} “{name}”; define it in METRICS.")
    definition = METRICS[name]
    if set(labels) != set(definition.labels):
        raise ValueError(f"{name} has the labels {definition.labels}, not {tuple(labels)}.")
    values = [str(labels[label]) for label in definition.labels]
    if wrong := [value for value in values if LOOKS_LIKE_AN_ID.search(value)]:
        raise UnboundedLabelError(f"{name}: {wrong[0]!r} looks like an id; a metric's labels must be bounded.")
    metric = _metrics.get(name) or _metrics.setdefault(name, _make(name, definition))
    if not definition.labels:
        return metric
    is_full = sum(key[1] == name for key in _series) >= MOST_SERIES
    return metric.labels(*(["other"] * len(values) if is_full else values))


def _make(name: str, definition: Definition) -> Any:
    arguments = (PREFIX + name, definition.help, definition.labels)
    if definition.kind == "counter":
        return Counter(*arguments, registry=None)
    if definition.kind == "gauge":
        return Gauge(*arguments, registry=None, multiprocess_mode="mostrecent")
    return Histogram(*arguments, registry=None, buckets=definition.buckets)
