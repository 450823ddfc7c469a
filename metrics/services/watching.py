"""How an installation does right now: what it answers, what waits, and how much of its machine it uses."""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import psutil
from django.conf import settings
from django.db import connections

from metrics.services.reading import Counted, counted, total
from metrics.signals import threshold_exceeded
from tenants.scope import OPERATIONS
from tenants.services.work_figures import work_figures

LATEST_WORK: Final = 60.0  # seconds that due work may wait: all of what people bear
DATABASE: Final = """
SELECT (SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend'),
    (SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend' AND state = 'active'),
    (SELECT setting::int FROM pg_settings WHERE name = 'max_connections'),
    (SELECT coalesce(max(extract(epoch FROM clock_timestamp() - xact_start)), 0)::float8 FROM pg_stat_activity
     WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'),
    (SELECT xact_commit FROM pg_stat_database WHERE datname = current_database())
"""


@dataclass(frozen=True)
class Look:
    """One look. Rates are per second since the look before, times in seconds, `*_percent` of what there is.

    None where nothing of the kind happened in between. CPU, memory and disk are those of this machine.
    """

    at: float
    requests: float
    request_p95: float | None
    errors: float
    replies: float
    reply_p95: float | None
    ready: int
    leased: int
    dead: int
    oldest: float
    connections: int
    active: int
    connections_percent: float
    longest_transaction: float
    commits: float
    cpu_percent: float
    memory_percent: float
    disk_percent: float
    work_percent: float

    def strains(self, threshold: float) -> dict[str, float]:
        """Return what is used to more than `threshold` percent, by its name."""
        used = {
            "cpu": self.cpu_percent, "memory": self.memory_percent, "disk": self.disk_percent,
            "connections": self.connections_percent, "work": self.work_percent,
        }  # fmt: skip
        return {name: percent for name, percent in used.items() if percent >= threshold}


@dataclass(frozen=True)
class _State:
    at: float
    requests: Counted
    errors: float
    replies: Counted
    commits: int


def watch(*, duration: float, interval: float) -> Iterator[Look]:
    """Yield a look every `interval` seconds for `duration` seconds; one at least."""
    psutil.cpu_percent(None)
    before = _state(_database()[4])
    until = before.at + duration
    while True:
        time.sleep(max(0.0, min(interval, until - time.monotonic())))
        look, before = _look(before)
        yield look
        if time.monotonic() >= until:
            return


def data_folder() -> Path:
    """Return the folder of uploads, or the nearest above it that is there."""
    wanted = Path(settings.MEDIA_ROOT)
    return next(path for path in (wanted, *wanted.parents) if path.exists())


def tell_strains(look: Look, threshold: float) -> dict[str, float]:
    """Tell, by `threshold_exceeded`, of each thing that is used to more than `threshold` percent; return them."""
    strains = look.strains(threshold)
    for figure, percent in strains.items():
        threshold_exceeded.send(sender=Look, figure=figure, percent=percent, threshold=threshold)
    return strains


def _state(commits: int) -> _State:
    requests = counted("http_requests")
    errors = sum(each.value for labels, each in requests.items() if dict(labels).get("status", "").startswith("5"))
    return _State(
        time.monotonic(), total(counted("http_request_seconds")), errors, total(counted("reply_seconds")), commits
    )


def _database() -> tuple[Any, ...]:
    with connections[OPERATIONS].cursor() as cursor:
        cursor.execute(DATABASE)
        row: tuple[Any, ...] = cursor.fetchone()
        return row


def _look(before: _State) -> tuple[Look, _State]:
    backends, active, most, longest, commits = _database()
    now = _state(commits)
    seconds = max(now.at - before.at, 1e-3)
    requests, replies = now.requests.since(before.requests), now.replies.since(before.replies)
    work = work_figures(using=OPERATIONS)
    oldest = max((each.oldest for each in work), default=0.0)
    return Look(
        at=time.time(),
        requests=requests.value / seconds,
        request_p95=requests.quantile(0.95),
        errors=(now.errors - before.errors) / seconds,
        replies=replies.value / seconds,
        reply_p95=replies.quantile(0.95),
        ready=sum(each.ready for each in work),
        leased=sum(each.leased for each in work),
        dead=sum(each.dead for each in work),
        oldest=oldest,
        connections=backends,
        active=active,
        connections_percent=100 * backends / most,
        longest_transaction=longest,
        commits=(commits - before.commits) / seconds,
        cpu_percent=psutil.cpu_percent(None),
        memory_percent=psutil.virtual_memory().percent,
        disk_percent=psutil.disk_usage(str(data_folder())).percent,
        work_percent=100 * oldest / LATEST_WORK,
    ), now
