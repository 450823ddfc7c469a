"""When a tenant's staff are there: its setting `business_hours`, read in the tenant's time zone.

The setting is an object of weekdays with their spans, `{"monday": [["09:00", "13:00"], ["14:00", "18:00"]]}`; a day
that is not named is closed. Without the setting somebody is always there.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _

Hours = Mapping[str, Sequence[Sequence[str]]]

DAYS: Final = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
LAST_MINUTE: Final = time(23, 59, 59, 999_999)


def problem_of(value: Any) -> str:
    """Return what is wrong with a setting, or an empty string."""
    for day, spans in value.items():
        if day not in DAYS:
            return _("“%(day)s” is not one of %(days)s") % {"day": day, "days": ", ".join(DAYS)}
        if not isinstance(spans, list) or not all(_is_span(span) for span in spans):
            return _('%(day)s: give spans such as [["09:00", "18:00"]], each from an earlier to a later time') % {
                "day": day
            }
    return ""


def is_open(hours: Hours, zone: str, now: datetime) -> bool:
    """Tell whether somebody is there."""
    here = now.astimezone(ZoneInfo(zone))
    return not hours or any(begins <= here < ends for begins, ends in _spans(hours, here.date(), here))


def next_opening(hours: Hours, zone: str, now: datetime) -> datetime | None:
    """Return when somebody is there next, in the tenant's time zone; None when it is now, or never."""
    here = now.astimezone(ZoneInfo(zone))
    if is_open(hours, zone, now):
        return None
    days = (here.date() + timedelta(days=ahead) for ahead in range(8))
    return min((begins for day in days for begins, _ends in _spans(hours, day, here) if begins > here), default=None)


def _spans(hours: Hours, day: date, here: datetime) -> Iterator[tuple[datetime, datetime]]:
    for begins, ends in hours.get(DAYS[day.weekday()], ()):
        closing = LAST_MINUTE if ends == "24:00" else time.fromisoformat(ends)
        yield (
            datetime.combine(day, time.fromisoformat(begins), here.tzinfo),
            datetime.combine(day, closing, here.tzinfo),
        )


def _is_span(span: Any) -> bool:
    is_pair = isinstance(span, list) and len(span) == 2
    if not is_pair or not all(isinstance(part, str) and len(part) == 5 for part in span):
        return False
    begins, ends = span
    try:
        return time.fromisoformat(begins) < (LAST_MINUTE if ends == "24:00" else time.fromisoformat(ends))
    except (ValueError, TypeError):
        return False
