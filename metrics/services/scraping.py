"""What a scrape answers with: what all processes counted, and figures that are read at that moment."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from threading import Lock
from typing import Any, Final

import structlog
from cachetools import TTLCache, cached
from django.db import DatabaseError, connections

from metrics.definitions import PREFIX
from metrics.services.process_files import directory, prepare
from tenants.registry import Registry
from tenants.scope import OPERATIONS

from prometheus_client import CollectorRegistry, Metric, generate_latest  # isort: skip - after process_files
from prometheus_client import multiprocess  # isort: skip

FRESH_SECONDS: Final = 5
files_of: Any = multiprocess.MultiProcessCollector  # the library has no types for it
logger = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Figure:
    """One number: its labels and value."""

    value: float
    labels: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class ScrapedGauge:
    """A gauge that is read when somebody asks."""

    help: str
    read: Callable[[], Iterable[Figure]]


# Filled from each app's `health.py`; the reader runs with the operations role's connection free to use.
SCRAPED: Registry[ScrapedGauge] = Registry("scraped gauge")


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
    metrics = []
    up = Metric(f"{PREFIX}figures_readable", "Whether the figures of the database could be read.", "gauge")
    try:
        for name, gauge in SCRAPED.items():
            metric = Metric(PREFIX + name, gauge.help, "gauge")
            for figure in gauge.read():
                metric.add_sample(PREFIX + name, dict(figure.labels), figure.value)
            metrics.append(metric)
    except DatabaseError as error:
        logger.warning("figures_not_readable", error=str(error))
    finally:
        _let_go()
    up.add_sample(up.name, {}, float(len(metrics) == len(SCRAPED.entries)))
    return [*metrics, up]


def _let_go() -> None:
    """Close the operations connection: a server's threads come and go, and each would keep one of its own."""
    connection = connections[OPERATIONS]
    if not connection.in_atomic_block:
        connection.close()
