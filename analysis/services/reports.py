"""What a report says, as plain values: of one tenant, or of the whole installation.

Shape: `{"type", "period", "first", "last", "tenant" (None: all), "made", "parts": {part: {…}}}`; each part's function
below says what is in it. Times are milliseconds, rates 0 to 1, moods -1 to 1; None where nothing is known.
"""

import json
import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from threading import Lock
from typing import Any, Final
from uuid import UUID

from cachetools import LRUCache
from django.db import connection, transaction
from django.utils import timezone

from agents.models import AgentModel
from analysis.models import Report, ReportType
from analysis.services.daily import count_days, uncounted
from analysis.services.report_periods import Span
from analysis.services.report_sums import Sum, by_agent, merged, middle, models_of, percentile, sum_of
from tenants.models import TenantModel
from tenants.scope import current_tenant_id, tenant_scope

MOST_AGENTS: Final = 25
# Agents are told of in the span alone, and are most of what a day holds.
DAYS: Final = """
SELECT day, CASE WHEN day >= %s THEN figures ELSE figures - 'agents' END FROM analysis_dayfigures
WHERE tenant_id = %s AND day BETWEEN %s AND %s AND figures ? 'all'
"""
# Not count(DISTINCT …), for which PostgreSQL reads the rows in the order of their contacts, and each from the table.
PEOPLE: Final = """
SELECT count(*) FROM (
    SELECT contact_id FROM analysis_usagemetric
    WHERE tenant_id = %s AND date BETWEEN %s AND %s AND contact_id IS NOT NULL GROUP BY contact_id) AS people
"""
NEWEST: Final = "SELECT max(counted_at) FROM analysis_dayfigures WHERE tenant_id = %s AND day BETWEEN %s AND %s"
_known_people: LRUCache[Any, tuple[int, int]] = LRUCache(maxsize=1_000)
_lock = Lock()
# The waits that the chart of first replies tells apart, in milliseconds; what takes longer is the last bar.
WAITS: Final = (1_000, 3_000, 10_000, 30_000, 60_000, 300_000, 3_600_000)
Day = Mapping[str, Any]
Part = dict[str, Any]


class StillCountingError(RuntimeError):
    """So many days of a report are not counted yet."""


@dataclass(frozen=True)
class Source:
    """What a report is made from: the days of each of its tenants by name, and who wrote in the span and before."""

    span: Span
    tenants: dict[str, dict[date, Day]]
    people: dict[str, tuple[int, int]]
    agents: dict[str, str]

    def within(self, span: Span) -> list[Day]:
        """Return the days of a span, of all its tenants."""
        return [day for days in self.tenants.values() for on, day in days.items() if span.first <= on <= span.last]

    def shown(self) -> list[tuple[date, list[Day]]]:
        """Return the days that charts show, each with its tenants' figures."""
        first = self.span.shown_from
        dates = [first + timedelta(days=number) for number in range((self.span.last - first).days + 1)]
        return [(on, [days[on] for days in self.tenants.values() if on in days]) for on in dates]

    def sums(self) -> tuple[Sum, Sum]:
        """Return the sum of the span, and of the one before."""
        return sum_of(self.within(self.span)), sum_of(self.within(self.span.before))


def make_report(
    report_type: ReportType, span: Span, tenants: list[TenantModel], *, whole: bool, seconds: float = math.inf
) -> Part:
    """Return what a report says of some tenants; `whole`: of the installation, with a table of its tenants.

    Days that were not counted yet are counted first, for no longer than `seconds`; `uncounted` says how many were left.
    """
    source = Source(span, {}, {}, {})
    deadline, uncounted_days = time.monotonic() + seconds, 0
    for tenant in tenants:
        with tenant_scope(tenant):
            uncounted_days += _count(span, deadline)
            _read(source, tenant, after=f" · {tenant.display_name or tenant.name}" if whole else "")
    chosen = [name for name in PARTS if report_type in {ReportType.ALL, name}]
    parts = {name: PARTS[name](source) for name in chosen}
    if whole:
        parts["tenants"] = _tenants(source)
    return {
        "type": str(report_type), "period": str(span.kind), "first": span.first.isoformat(),
        "last": span.last.isoformat(), "shown_from": span.shown_from.isoformat(),
        "tenant": None if whole else (tenants[0].display_name or tenants[0].name),
        "made": timezone.now().isoformat(timespec="seconds"), "uncounted": uncounted_days, "parts": parts,
    }  # fmt: skip


def _count(span: Span, deadline: float) -> int:
    """Count the current tenant's days that were not, the latest first; return how many were left at the deadline."""
    wanted = uncounted(span.needed_from, span.last)[::-1]
    for number, _day in enumerate(count_days(wanted), 1):
        if time.monotonic() > deadline:
            return len(wanted) - number
    return 0


def _read(source: Source, tenant: TenantModel, *, after: str) -> None:
    """Read the current tenant's days; `after` stands behind the names of its agents."""
    first, last = source.span.needed_from, source.span.last
    with transaction.atomic():
        source.tenants[tenant.name] = _days(first, last, source.span.first)
        source.people[tenant.name] = _people(source.span)
        for key, agent in AgentModel.objects.values_list("pk", "name"):
            source.agents[str(key)] = f"{agent}{after}"


def _days(first: date, last: date, agents_from: date) -> dict[date, Day]:
    with connection.cursor() as cursor:
        cursor.execute(DAYS, [agents_from, current_tenant_id(), first, last])
        return {on: json.loads(figures) for on, figures in cursor.fetchall()}


def _people(span: Span) -> tuple[int, int]:
    """Return how many wrote in the span and in the one before; counted once for as long as no day is counted anew."""
    with connection.cursor() as cursor:
        cursor.execute(NEWEST, [current_tenant_id(), span.before.first, span.last])
        key = (current_tenant_id(), span, cursor.fetchone()[0])
        with _lock:
            known = _known_people.get(key)
        if known is None:
            known = _count_people(cursor, span), _count_people(cursor, span.before)
            with _lock:
                _known_people[key] = known
    return known


def _count_people(cursor: Any, span: Span) -> int:
    cursor.execute(PEOPLE, [current_tenant_id(), span.first, span.last])
    count: int = cursor.fetchone()[0]
    return count


def _usage(source: Source) -> Part:
    """`totals`, `before`, `days` of each count; `hours` (24 counts); `channels`; `models` [name, replies, tokens]."""
    now, before = source.sums()
    people = [sum(counts) for counts in zip(*source.people.values(), strict=True)] or [0, 0]
    within = source.within(source.span)
    hours = merged(within, "hours")
    models = sorted(models_of(within).items(), key=lambda item: -item[1][0])
    return {
        "totals": _used(now, people[0]),
        "before": _used(before, people[1]),
        "days": [{"day": on.isoformat(), **_used(sum_of(days))} for on, days in source.shown()],
        "hours": [hours[str(hour)] for hour in range(24)],
        "channels": dict(merged(within, "channels").most_common()),
        "models": [[name, replies, tokens] for name, (replies, tokens) in models if name],
    }


def _used(total: Sum, people: int | None = None) -> Part:
    names = ("conversations", "from_people", "from_agents", "from_staff", "tokens")
    counts = {name: total[name] for name in names}
    return {**counts, "messages": total.messages, **({} if people is None else {"people": people})}


def _performance(source: Source) -> Part:
    """`totals`, `before`, `days`: how fast and by whom; `waits` [[up to ms or None, count]]; `reasons`."""
    now, before = source.sums()
    counts = dict.fromkeys((*WAITS, None), 0)
    for step, count in now.first.items():
        counts[next((wait for wait in WAITS if middle(step) <= wait), None)] += count
    return {
        "totals": _performed(now),
        "before": _performed(before),
        "days": [{"day": on.isoformat(), **_performed(sum_of(days))} for on, days in source.shown()],
        "waits": [[wait, count] for wait, count in counts.items()],
        "reasons": dict(merged(source.within(source.span), "reasons").most_common()),
    }


def _performed(total: Sum) -> Part:
    return {
        "first_reply_ms": percentile(total.first, 0.5),
        "first_reply_p95_ms": percentile(total.first, 0.95),
        "reply_ms": percentile(total.reply, 0.5),
        "reply_p95_ms": percentile(total.reply, 0.95),
        "answered_within_a_minute": total.answered_soon,
        "escalated": total["escalated"],
        "escalation_rate": total.escalation_rate,
        "resolved_by_agent": total["by_agent"],
        "resolved_by_staff": total["by_staff"],
    }


def _agents(source: Source) -> Part:
    """`agents`, the busiest first, each with its counts; `others`: how many more there are."""
    sums = sorted(by_agent(source.within(source.span)).items(), key=lambda item: -item[1]["conversations"])
    rows = [{"agent": key, "name": source.agents.get(key, ""), **_of_agent(total)} for key, total in sums]
    return {"agents": rows[:MOST_AGENTS], "others": max(0, len(rows) - MOST_AGENTS)}


def _of_agent(total: Sum) -> Part:
    return {
        "conversations": total["conversations"],
        "messages": total.messages,
        "resolved_by_agent": total["by_agent"],
        "escalated": total["escalated"],
        "escalation_rate": total.escalation_rate,
        "first_reply_ms": percentile(total.first, 0.5),
        "rating": total.rating,
        "ratings": total.rated,
        "mood": total.mood,
    }


def _satisfaction(source: Source) -> Part:
    """`totals`, `before`, `days`: ratings and moods; `stars`: ratings by number of stars."""
    now, before = source.sums()
    return {
        "totals": _liked(now),
        "before": _liked(before),
        "days": [{"day": on.isoformat(), **_liked(sum_of(days))} for on, days in source.shown()],
        "stars": {str(stars): now.ratings[stars] for stars in (5, 4, 3, 2, 1)},
    }


def _liked(total: Sum) -> Part:
    moods = {name: total[name] for name in ("positive", "neutral", "negative")}
    return {"rating": total.rating, "ratings": total.rated, "pleased": total.pleased, "mood": total.mood, **moods}


def _tenants(source: Source) -> Part:
    """`tenants`, the busiest first: what each used, and how it went."""
    rows = []
    for name, days in source.tenants.items():
        total = sum_of(day for on, day in days.items() if source.span.first <= on <= source.span.last)
        people = source.people[name][0]
        rows.append({"tenant": name, **_used(total, people), "escalation_rate": total.escalation_rate,
                     "rating": total.rating})  # fmt: skip
    return {"tenants": sorted(rows, key=lambda row: (-row["conversations"], row["tenant"]))}


PARTS: Final[dict[str, Callable[[Source], Part]]] = {
    "usage": _usage,
    "performance": _performance,
    "agents": _agents,
    "satisfaction": _satisfaction,
}


def keep_report(
    tenant: TenantModel, report_type: ReportType, span: Span, *, seconds: float = math.inf,
    told: Callable[[Report], None] = lambda report: None,
) -> tuple[Report, bool]:  # fmt: skip
    """Make a report of a tenant and keep it; one that is kept already stays. Return it, and whether it is new.

    `told` is called with a new one in the transaction that keeps it. StillCountingError when the days that were not
    counted yet take longer than `seconds`: those that were counted stay counted, so that asking again goes on.
    """
    with tenant_scope(tenant):
        with transaction.atomic():
            had = Report.objects.filter(report_type=report_type, period=span.kind, first_day=span.first).first()
        if had is not None:
            return had, False
        data = make_report(report_type, span, [tenant], whole=False, seconds=seconds)
        if data["uncounted"]:
            raise StillCountingError(data["uncounted"])
        with transaction.atomic():
            report, is_new = Report.objects.get_or_create(
                report_type=report_type, period=span.kind, first_day=span.first,
                defaults={"last_day": span.last, "data": data},
            )  # fmt: skip
            if is_new:
                told(report)
        return report, is_new


def report_of(report_id: UUID) -> Report | None:
    """Return a report of the current tenant that was kept."""
    return Report.objects.filter(pk=report_id).first()
