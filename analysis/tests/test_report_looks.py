"""How reports look: nothing is cut off, whatever the numbers, the names and the language."""

from datetime import date
from importlib import import_module
from typing import Any

import pytest
from django.utils import translation

from analysis.models import ReportPeriod
from analysis.reports import charts, wording
from analysis.reports.charts import Axis, Series
from analysis.reports.drawing import Box, Stroke, svg
from analysis.reports.formats import FORMATS, file_name
from analysis.reports.sections import change, sections_of
from analysis.services.report_periods import Span
from analysis.services.report_sums import Sum, percentile
from analysis.tests.reporting import LAST, report

MARGIN = 30
pypdfium2: Any = import_module("pypdfium2")  # it brings no types


def pages(data: dict[str, Any], language: str) -> list[tuple[str, list[tuple[float, float, float, float]], float]]:
    """Return each page of a report's PDF: its text, the boxes of its lines, its width."""
    with translation.override(language):
        document = pypdfium2.PdfDocument(FORMATS["pdf"].write(data))
    found = []
    for page in document:
        text = page.get_textpage()
        boxes = [text.get_rect(number) for number in range(text.count_rects())]
        found.append((text.get_text_range(), boxes, page.get_width()))
    document.close()
    return found


@pytest.mark.parametrize("language", ["en", "es"])
@pytest.mark.parametrize("scale", [0, 3, 10**9])
def test_no_line_of_the_pdf_leaves_its_page(scale: int, language: str) -> None:
    for _text, boxes, width in pages(report(scale), language):
        assert boxes
        assert all(left >= MARGIN and right <= width - MARGIN for left, _bottom, right, _top in boxes)


def test_the_pdf_writes_what_its_font_lacks_as_boxes_and_leaves_symbols_out() -> None:
    text = "".join(page for page, _boxes, _width in pages(report(3), "en"))
    assert "Aurora" in text
    assert "Лаура" in text
    assert "□□" in text
    assert "🌟" not in text


def test_a_report_without_anything_is_one_page_that_says_so() -> None:
    [(text, _boxes, _width)] = pages(report(0), "es")
    assert "Nadie escribió en este tiempo." in text


def test_every_section_has_charts_where_there_is_something() -> None:
    assert [bool(section.charts) for section in sections_of(report(3))] == [True] * 4
    assert [bool(section.charts) for section in sections_of(report(0))] == [False] * 4


def test_agents_beyond_the_most_are_counted() -> None:
    agents = report(3)["parts"]["agents"]
    assert (len(agents["agents"]), agents["others"]) == (25, 11)


@pytest.mark.parametrize(("highest", "top"), [(0, 4), (1, 4), (5, 8), (9, 20), (41, 80), (90, 100), (1234, 2000)])
def test_a_scale_ends_at_a_round_number_above(highest: float, top: float) -> None:
    assert charts.nice(highest) == top


def test_columns_stand_on_each_other_and_reach_the_top() -> None:
    series = [Series("a", "#000", [4]), Series("b", "#111", [4])]
    drawing = charts.columns("both", Axis(["1 Sep"]), series)
    parts = [shape for shape in drawing.shapes if isinstance(shape, Box) and shape.told]
    assert parts[0].y == pytest.approx(parts[1].y + parts[1].height)
    assert parts[1].y == pytest.approx(charts.TOP)


def test_a_line_is_broken_where_nothing_is_known() -> None:
    drawing = charts.lines("one", Axis(list("12345")), [Series("a", "#000", [1, 2, None, 3, 4])])
    assert len([shape for shape in drawing.shapes if isinstance(shape, Stroke) and not shape.faint]) == 2


def test_an_svg_says_what_it_shows_and_escapes_names() -> None:
    drawing = charts.bars("by <agent>", [("<b>Bruno</b>", 3.0, "3")])
    assert 'aria-label="by &lt;agent&gt;"' in svg(drawing)
    assert "<b>" not in svg(drawing)


@pytest.mark.parametrize(
    ("milliseconds", "words"),
    [
        (None, "–"),
        (0, "0"),
        (12, "12 ms"),
        (3_200, "3.2 s"),
        (60_000, "1 min"),
        (5_400_000, "1.5 h"),
        (172_800_000, "2 d"),
    ],
)
def test_times_are_told_in_the_unit_that_suits_them(milliseconds: float | None, words: str) -> None:
    with translation.override("en"):
        assert wording.duration(milliseconds) == words


def test_numbers_are_written_as_the_language_writes_them() -> None:
    with translation.override("en"):
        assert (wording.number(1234567), wording.share(0.125), wording.short(12_500)) == (
            "1,234,567",
            "12.5 %",
            "12.5 k",
        )
    with translation.override("es"):
        assert wording.share(0.125) == "12,5 %"


@pytest.mark.parametrize(
    ("mood", "words"), [(None, "–"), (0.5, "+0.50"), (-0.25, "-0.25"), (-0.001, "0.00"), (0.001, "0.00")]
)
def test_a_mood_has_its_sign_and_nothing_is_below_nothing(mood: float | None, words: str) -> None:
    with translation.override("en"):
        assert wording.signed(mood) == words


@pytest.mark.parametrize(("now", "before", "said"), [(3, 2, "+50.0 %"), (1, 2, "−50.0 %"), (1, 0, ""), (None, 2, "")])
def test_a_change_is_told_where_there_is_something_to_compare(now: float | None, before: float, said: str) -> None:
    with translation.override("en"):
        assert change(now, before) == said


def test_percentiles_of_steps_are_right_to_five_percent() -> None:
    times = [100, 200, 400, 800, 60_000]
    steps = {72 - 24: 1, 55: 1, 62: 1, 70: 1, 115: 1}
    assert percentile(steps, 0.5) == pytest.approx(times[2], rel=0.06)
    assert percentile(steps, 0.95) == pytest.approx(times[4], rel=0.06)
    assert percentile({}, 0.5) is None


def test_nothing_known_is_none_and_not_zero() -> None:
    total = Sum()
    assert (total.rating, total.mood, total.escalation_rate, total.answered_soon) == (None, None, None, None)


@pytest.mark.parametrize(
    ("kind", "first", "before"),
    [
        (ReportPeriod.DAILY, "2026-09-30", "2026-09-29"),
        (ReportPeriod.WEEKLY, "2026-09-28", "2026-09-21"),
        (ReportPeriod.MONTHLY, "2026-09-01", "2026-08-01"),
    ],
)
def test_a_span_is_a_day_a_week_from_monday_or_a_month(kind: ReportPeriod, first: str, before: str) -> None:
    span = Span.holding(kind, LAST)
    assert (span.first.isoformat(), span.before.first.isoformat()) == (first, before)
    assert span.before.after == span


def test_a_file_is_named_by_what_it_holds() -> None:
    assert file_name(report(0, tenant="Café Ñandú"), "pdf") == "charla-cafe-nandu-all-monthly-2026-09-01.pdf"
    assert file_name(report(0, tenant="支持"), "csv") == "charla-tenant-all-monthly-2026-09-01.csv"


@pytest.mark.parametrize(("language", "words"), [("en", "9 Oct"), ("es", "9 oct")])
def test_a_month_is_written_as_the_language_writes_it(language: str, words: str) -> None:
    with translation.override(language):
        assert wording.short_day(date(2026, 10, 9)) == words
