"""A report as HTML: a page that stands alone, and the body that the administration shows."""

from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any, Final

from django.template.loader import render_to_string
from django.utils.formats import date_format
from django.utils.safestring import SafeString, mark_safe

from analysis.reports.drawing import svg
from analysis.reports.sections import Data, Section, period_name, sections_of, stretch_of, title_of, whose

STYLE: Final = Path(__file__).parent.parent / "static" / "analysis" / "report.css"


def html_page(data: Data) -> bytes:
    """Return a page with its looks inside, that needs no other file."""
    values = {
        "title": title_of(data),
        "whose": whose(data),
        "stretch": stretch_of(data),
        "style": _style(),
        "body": html_body(data),
        "made": made_on(data),
        "period": period_name(data["period"]),
        "uncounted": data.get("uncounted", 0),
    }
    return render_to_string("analysis/reports/page.html", values).encode()


def html_body(data: Data) -> SafeString:
    """Return a report's sections."""
    return render_to_string("analysis/reports/body.html", {"sections": [_drawn(one) for one in sections_of(data)]})


def made_on(data: Data) -> str:
    """Return when a report was made."""
    return date_format(datetime.fromisoformat(data["made"]), "DATETIME_FORMAT")


def _drawn(section: Section) -> dict[str, Any]:
    drawn = [{"title": chart.title, "svg": svg(chart.drawing)} for chart in section.charts]
    return {**vars(section), "charts": drawn}


@cache
def _style() -> SafeString:
    return mark_safe(STYLE.read_text())  # noqa: S308 - our own file
