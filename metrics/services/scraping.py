"""What a scrape answers with: what all processes counted, and figures that are read at that moment."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from threading import Lock
from typing import Any, Final

import structlog
from cachetools import TTLCache, cached
from django.db import DatabaseError, connections, transaction

from metrics.definitions import METRICS, PREFIX
from metrics.services.process_files import directory, prepare
from tenants.registry import Registry
from tenants.scope import OPERATIONS

from prometheus_client import CollectorRegistry, Metric, generate_latest  # isort: skip - after process_files
from prometheus_client import multiprocess  # isort: skip

FRESH_SECONDS: Final = 5
MOST_SECONDS: Final = 2  # of one statement: a scrape must never be what the database suffers from
files_of: Any = multiprocess.MultiProcessCollector  # the library has no types for it
logger = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Figure:
    """One number: its labels and value."""

    value: float
    labels: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Scrape:
    """Gauges that are read together when somebody asks: their names, as METRICS has them, and the reader of all."""

    names: tuple[str, ...]
    read: Callable[[], Mapping[str, Iterable[Figure]]]


# Filled from each app's `health.py`; the reader runs with the operations role's connection free to use.
SCRAPED: Registry[Scrape] = Registry("scrape")


def exposition() -> bytes:
    """Return all metrics in Prometheus' text format."""
    registry = CollectorRegistry()
    if prepare():
        for folder in sorted(directory().parent.iterdir()):
            if folder.is_dir():
                files_of(registry, path=str(folder))
    registry.register(_Figures())
    return generate_latest(registry)


class _Figures:
    def collect(self) -> Iterable[Metric]:
        yield from _read_figures()


_fresh: "TTLCache[Any, list[Metric]]" = TTLCache(maxsize=1, ttl=FRESH_SECONDS)


def forget_figures() -> None:
    """Read the figures anew at the next scrape."""
    _fresh.clear()


@cached(_fresh, lock=Lock())
def _read_figures() -> list[Metric]:
    """Read all figures in one short transaction; those that could be read are told, whatever happens to the others."""
    metrics: list[Metric] = []
    are_readable = False
    try:
        with transaction.atomic(using=OPERATIONS):
            with connections[OPERATIONS].cursor() as cursor:
                cursor.execute("SELECT set_config('statement_timeout', %s, true)", [f"{MOST_SECONDS}s"])
            for _name, scrape in SCRAPED.items():
                figures = scrape.read()
                metrics += [_metric(name, figures.get(name, ())) for name in scrape.names]
            are_readable = True
    except DatabaseError as error:
        logger.warning("figures_not_readable", error=str(error))
    finally:
        _let_go()
    return [*metrics, _metric("figures_readable", [Figure(float(are_readable))])]


def _metric(name: str, figures: Iterable[Figure]) -> Metric:
    definition = METRICS[name]
    metric = Metric(PREFIX + name, definition.help, "gauge")
    for figure in figures:
        if {label for label, _value in figure.labels} != set(definition.labels):
            raise ValueError(f"{name} has the labels {definition.labels}, not {figure.labels}.")
        metric.add_sample(PREFIX + name, dict(figure.labels), figure.value)
    return metric


def _let_go() -> None:
    """Close the operations connection: a server's threads come and go, and each would keep one of its own."""
    connection = connections[OPERATIONS]
    if not connection.in_atomic_block:
        connection.close()
