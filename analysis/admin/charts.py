"""Charts as plain shapes: the template draws them as SVG, with a table of the same figures beside."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from analysis.services import analytics
from analysis.services.periods import Period
from tenants.models import TenantModel
from tenants.scope import current_tenant_id

HEIGHT: Final = 120
STEP: Final = 20
BAR: Final = 14
ORDER: Final = ("negative", "neutral", "positive")


@dataclass(frozen=True)
class Segment:
    """A part of a bar, from its upper left corner."""

    kind: str
    x: int
    y: float
    height: float


@dataclass(frozen=True)
class Column:
    """One day: its parts, and its figures for the table."""

    day: date
    x: int
    segments: tuple[Segment, ...]
    counts: Mapping[str, int]


def last_days() -> Period:
    """Return the last thirty days of the current tenant's calendar."""
    return Period.of(None, None, TenantModel.objects.values_list("timezone", flat=True).get(pk=current_tenant_id()))


def moods_chart(figures: Mapping[str, Any]) -> dict[str, Any]:
    """Return the chart of moods day by day, and whether there is anything to see."""
    days = figures["days"]
    highest = max((sum(day[kind] for kind in ORDER) for day in days), default=0)
    columns = [_column(number, day, highest) for number, day in enumerate(days)]
    return {
        "columns": columns,
        "width": len(columns) * STEP,
        "height": HEIGHT,
        "bar": BAR,
        "highest": highest,
        "first": days[0]["day"],
        "last": days[-1]["day"],
    }


def _column(number: int, day: Mapping[str, Any], highest: int) -> Column:
    segments, floor, x = [], float(HEIGHT), number * STEP + (STEP - BAR) // 2
    for kind in ORDER:
        height = round(HEIGHT * day[kind] / highest, 2) if highest else 0.0
        floor = round(floor - height, 2)
        segments.append(Segment(kind, x, floor, height))
    return Column(day["day"], x, tuple(segments), {kind: day[kind] for kind in ORDER})


def intents_chart(rows: Sequence[Mapping[str, Any]], *, most: int = 15) -> list[dict[str, Any]]:
    """Return the most frequent intents with the length of each one's bar in percent."""
    highest = max((row["messages"] for row in rows), default=0)
    return [{**row, "length": round(100 * row["messages"] / highest, 1)} for row in rows[:most]]


def moods_context() -> dict[str, Any]:
    """Return what the page of moods shows above its list."""
    figures = analytics.sentiment(last_days())
    return {"moods": figures, "chart": moods_chart(figures)}


def intents_context() -> dict[str, Any]:
    """Return what the page of intents shows above its list."""
    return {"bars": intents_chart(analytics.by_intent(last_days()))}
