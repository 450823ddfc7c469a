"""Days of a tenant that never was, for tests of how reports look."""

from datetime import date, timedelta
from typing import Any

from analysis.models import ReportPeriod
from analysis.services.daily import together
from analysis.services.report_periods import Span
from analysis.services.reports import PARTS, Day, Source

LAST = date(2026, 9, 30)
NAMES = ("Aurora 🌟", "=1+1", "Лаура", "支持", "<b>Bruno</b>", "W" * 80, *(f"Agent {number}" for number in range(30)))


def day(scale: int) -> dict[str, Any]:
    """Return a day on which every agent had so many conversations."""
    agent = {
        "conversations": scale, "from_people": scale * 5, "from_agents": scale * 4, "tokens": scale * 900,
        "analyzed": scale, "escalated": scale // 9, "by_agent": scale, "positive": scale, "negative": scale,
        "score": 0.0, "first": {"72": scale, "150": 1}, "reply": {"80": scale}, "ratings": {"5": scale, "1": 1},
    }  # fmt: skip
    agents = {str(number): agent for number in range(len(NAMES))}
    return {
        "agents": agents, "all": together(agents.values()), "hours": {"9": scale},
        "channels": {"web": scale, "whatsapp": 1}, "reasons": {"requested": scale, "unheard of": 1},
        "models": {"a-model-with-a-rather-long-name": [scale, scale]},
    }  # fmt: skip


def report(scale: int, *, kind: ReportPeriod = ReportPeriod.MONTHLY, tenant: str = "Acme") -> dict[str, Any]:
    """Return what a report says of such days; of none at all for a scale of 0."""
    span = Span.holding(kind, LAST)
    first = span.needed_from
    days: dict[date, Day] = {}
    if scale:
        days = {first + timedelta(days=number): day(scale) for number in range((LAST - first).days + 1)}
    agents = {str(number): name for number, name in enumerate(NAMES)}
    source = Source(span, {"acme": days}, {"acme": (scale, scale)}, agents)
    return {
        "type": "all", "period": str(kind), "first": span.first.isoformat(), "last": span.last.isoformat(),
        "tenant": tenant, "made": "2026-10-01T04:00:00+00:00",
        "parts": {name: make(source) for name, make in PARTS.items()},
    }  # fmt: skip
