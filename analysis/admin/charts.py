"""Charts as plain shapes: the template draws them as SVG, with a table of the same figures beside."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from django.utils.formats import date_format
from django.utils.safestring import SafeString, mark_safe

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

    name: str
    x: int
    segments: tuple[Segment, ...]
    counts: Mapping[str, int]

    @property
    def shapes(self) -> SafeString:
        """Return the parts as SVG: by a template the ninety of a month take as long as the figures."""
        return mark_safe(  # noqa: S308 - kinds are ours, the rest are numbers
            "".join(
                f'<rect class="ch-fill-{part.kind}" x="{part.x}" y="{part.y}" width="{BAR}" height="{part.height}"/>'
                for part in self.segments
            )
        )


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
        "highest": highest,
    }


def _column(number: int, day: Mapping[str, Any], highest: int) -> Column:
    segments, floor, x = [], float(HEIGHT), number * STEP + (STEP - BAR) // 2
    for kind in ORDER:
        height = round(HEIGHT * day[kind] / highest, 2) if highest else 0.0
        floor = round(floor - height, 2)
        segments.append(Segment(kind, x, floor, height))
    counts = {kind: day[kind] for kind in ORDER}
    return Column(date_format(day["day"], "SHORT_DATE_FORMAT"), x, tuple(segments), counts)


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
