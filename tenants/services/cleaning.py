"""Removing what was kept long enough: what each app registered, for several tenants, by several threads at once."""

from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby
from queue import SimpleQueue
from threading import Event
from typing import Final
from zoneinfo import ZoneInfo

import structlog
from django.conf import settings
from django.db import connection, connections, transaction

from tenants.lifecycle import Cleaning, CleanupStep, Removed, cleanup_steps
from tenants.models import TenantModel
from tenants.scope import current_tenant_id, tenant_scope
from tenants.services.config import setting

ROW_SIZE: Final = """
SELECT pg_total_relation_size(c.oid) / nullif(greatest(c.reltuples, s.n_live_tup + s.n_dead_tup), 0)
FROM pg_class c JOIN pg_stat_all_tables s ON s.relid = c.oid WHERE c.oid = to_regclass(%s)
"""
NIGHT: Final = range(2, 5)  # o'clock
LEAST_PLAUSIBLE: Final = 50.0  # bytes: of a table whose rows the database has not counted yet
logger = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Job:
    """One step in one tenant, or a part of it."""

    tenant: TenantModel
    name: str
    step: CleanupStep
    cleaning: Cleaning


@dataclass
class Report:
    """What went: rows of each table, bytes of files; and the steps that failed, with what they said."""

    rows: Counter[str] = field(default_factory=Counter)
    file_bytes: int = 0
    failed: dict[str, str] = field(default_factory=dict)
    row_sizes: dict[str, float] = field(default_factory=dict)

    def add(self, removed: Removed) -> None:
        """Count something that went."""
        if removed.rows:
            self.rows[removed.table] += removed.rows
            if removed.table not in self.row_sizes:
                self.row_sizes[removed.table] = _row_size(removed.table)
        self.file_bytes += removed.file_bytes

    @property
    def database_bytes(self) -> int:
        """About how much room the rows and their index entries had; new rows take it."""
        return round(sum(count * self.row_sizes[table] for table, count in self.rows.items()))

    def raise_failures(self) -> None:
        """Raise CleaningFailedError with what the steps that failed said."""
        if self.failed:
            raise CleaningFailedError("; ".join(f"{name}: {error}" for name, error in self.failed.items()))

    def __str__(self) -> str:
        """Say it for a schedule's outcome."""
        return ", ".join(f"{table} {count}" for table, count in sorted(self.rows.items())) or "nothing"


def older_than_days(cleaning: Cleaning, name: str, default: int | None) -> int | None:
    """Return after how many days a kind goes in the current tenant: what was asked for, its setting, or the default.

    None: it stays as long as what it belongs to.
    """
    if cleaning.days is not None:
        return cleaning.days
    own: int | None = setting(current_tenant_id(), name) if name else None
    return own or default


def jobs_of(
    tenants: Sequence[TenantModel], *, kinds: Sequence[str], days: int | None = None, parts: int = 1
) -> list[Job]:
    """Return the work, step by step; what can be divided is in as many parts."""
    found = []
    for name, step in cleanup_steps.items():
        if step.kind in kinds:
            count = parts if step.divisible else 1
            shares = [Cleaning(days, part, count) for part in range(count)]
            found += [Job(tenant, name, step, share) for tenant in tenants for share in shares]
    return found


def count_old(tenants: Sequence[TenantModel], *, kinds: Sequence[str], days: int | None = None) -> Counter[str]:
    """Return how many rows each step would remove."""
    counted: Counter[str] = Counter()
    for job in jobs_of(tenants, kinds=kinds, days=days):
        with tenant_scope(job.tenant):
            counted[job.name] += job.step.count(job.cleaning)
    return counted


def clean(jobs: Sequence[Job], report: Report, *, at_once: int) -> Iterator[Removed]:
    """Do the jobs, so many of a step at once, and yield what each batch removed. A job that fails stops no other.

    Step after step: who has no conversation left is known when they are gone. Ends what is under way after its batch
    when the caller stops asking.
    """
    for _name, group in groupby(jobs, key=lambda job: job.name):
        of_step = list(group)
        found = _side_by_side(of_step, report, at_once) if at_once > 1 else _in_turn(of_step, report)
        for removed in found:
            report.add(removed)
            yield removed


def _in_turn(jobs: Sequence[Job], report: Report) -> Iterator[Removed]:
    for job in jobs:
        yield from _run(job, report)


def _side_by_side(jobs: Sequence[Job], report: Report, at_once: int) -> Iterator[Removed]:
    news: SimpleQueue[Removed | None] = SimpleQueue()
    stop = Event()
    with ThreadPoolExecutor(at_once, thread_name_prefix="cleanup") as threads:
        pending = [threads.submit(_work_off, job, report, news, stop) for job in jobs]
        try:
            for _done in range(len(jobs)):
                while (removed := news.get()) is not None:
                    yield removed
        finally:
            stop.set()
            for each in pending:
                each.cancel()
            wait(pending)


def clean_current_tenant() -> Report:
    """Clean the current tenant as its settings say, step by step, beside other work: for the schedule."""
    with transaction.atomic():
        tenant = TenantModel.objects.get(pk=current_tenant_id())
    kinds = sorted({step.kind for _name, step in cleanup_steps.items()})
    report = Report()
    for _removed in clean(jobs_of([tenant], kinds=kinds), report, at_once=1):
        pass
    report.raise_failures()
    return report


def clean_at_night() -> Report | None:
    """Clean the current tenant if it is night in its time zone; by day do nothing. What is left goes the next hour."""
    with transaction.atomic():
        zone = TenantModel.objects.values_list("timezone", flat=True).get(pk=current_tenant_id())
    return clean_current_tenant() if datetime.now(ZoneInfo(zone)).hour in NIGHT else None


class CleaningFailedError(RuntimeError):
    """Some steps failed; what the others did stays done."""


def jobs_at_once() -> int:
    """Return CLEANUP_CONCURRENT_JOBS."""
    return int(settings.MANAGEMENT_COMMANDS["cleanup"]["concurrent_jobs"])


def _run(job: Job, report: Report) -> Iterator[Removed]:
    try:
        with tenant_scope(job.tenant):
            yield from job.step.run(job.cleaning)
    except Exception as error:
        logger.exception("cleanup_step_failed", step=job.name, tenant=job.tenant.name)
        report.failed[f"{job.tenant.name} {job.name}"] = f"{type(error).__name__}: {error}"


def _work_off(job: Job, report: Report, news: "SimpleQueue[Removed | None]", stop: Event) -> None:
    try:
        for removed in _run(job, report):
            news.put(removed)
            if stop.is_set():
                return
    finally:
        connections.close_all()
        news.put(None)


def _row_size(table: str) -> float:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(ROW_SIZE, [table])
        row = cursor.fetchone()
    return max(LEAST_PLAUSIBLE, float(row[0] or 0)) if row else 0.0
