"""Numbers, times and days as people read them, in the active language."""

from datetime import date
from typing import Final

from django.utils.formats import date_format, number_format
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

NOTHING: Final = "–"
SECOND: Final = 1_000
MINUTE: Final = 60 * SECOND
HOUR: Final = 60 * MINUTE
DAY: Final = 24 * HOUR


def number(value: float | None, digits: int = 0) -> str:
    """Return a number with its thousands apart: 1,234,567."""
    if value is None:
        return NOTHING
    rounded = round(value, digits) + 0  # no “−0”
    return number_format(rounded, digits, use_l10n=True, force_grouping=True)


def short(value: float) -> str:
    """Return a number of at most five signs, for the side of a chart: 950, 12.5 k, 3 M."""
    for size, sign in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if value >= size:
            return f"{number_format(_trim(value / size), use_l10n=True)} {sign}"
    return number_format(_trim(value), use_l10n=True)


def _trim(value: float) -> float | int:
    return round(value) if value >= 100 or value == round(value) else round(value, 1)


def share(value: float | None) -> str:
    """Return a part of one in percent."""
    return NOTHING if value is None else _("%(number)s %%") % {"number": number(value * 100, 1)}


def signed(value: float | None) -> str:
    """Return a mood with its sign."""
    return NOTHING if value is None else f"{'+' if round(value, 2) > 0 else ''}{number(value, 2)}"


def duration(milliseconds: float | None) -> str:
    """Return a time in the unit that suits it: 840 ms, 3.2 s, 4.5 min, 2 h, 3 d."""
    if milliseconds is None:
        return NOTHING
    for size, unit in ((DAY, _("d")), (HOUR, _("h")), (MINUTE, _("min")), (SECOND, _("s"))):
        if milliseconds >= size:
            value = _trim(round(milliseconds / size, 1))
            return f"{number_format(value, use_l10n=True)} {unit}"
    return f"{round(milliseconds)} ms" if milliseconds else "0"


def stars(value: float | None) -> str:
    """Return a mean rating."""
    return NOTHING if value is None else _("%(rating)s of 5") % {"rating": number(value, 2)}


def short_day(day: date) -> str:
    """Return a day without its year, for the foot of a chart."""
    return date_format(day, pgettext("a day at the foot of a chart, as Django formats dates", "j M"))


def long_day(day: date) -> str:
    """Return a day in full."""
    return date_format(day, "DATE_FORMAT")


def stretch(first: date, last: date) -> str:
    """Return a stretch of days: one day, or from and to."""
    if first == last:
        return long_day(first)
    return _("%(first)s to %(last)s") % {"first": long_day(first), "last": long_day(last)}
