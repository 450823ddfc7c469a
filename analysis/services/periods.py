"""A stretch of time that figures are asked for, in the tenant's days."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from django.utils import timezone

DAYS: Final = 30
MOST_DAYS: Final = 366
EARLIEST: Final = date(1900, 1, 1)  # beyond these there are no days to count from, and some of them in no time zone
LATEST: Final = date(9000, 12, 31)


class BadPeriodError(ValueError):
    """The end is before the beginning, or the period is longer than a year."""


@dataclass(frozen=True)
class Period:
    """From the beginning of the first day to the end of the last, in a time zone."""

    first: date
    last: date
    zone: str

    @classmethod
    def of(cls, first: date | None, last: date | None, zone: str) -> "Period":
        """Return the days asked for; thirty up to today where nothing else is said. BadPeriodError for nonsense."""
        last = last or timezone.now().astimezone(ZoneInfo(zone)).date()
        if not EARLIEST <= (first or last) <= last <= LATEST:
            raise BadPeriodError(f"{first} to {last}")
        first = first or last - timedelta(days=DAYS - 1)
        if last - first >= timedelta(days=MOST_DAYS):
            raise BadPeriodError(f"{first} to {last}")
        return cls(first, last, zone)

    @property
    def begin(self) -> datetime:
        """Return its first moment."""
        return datetime.combine(self.first, datetime.min.time(), ZoneInfo(self.zone))

    @property
    def end(self) -> datetime:
        """Return the first moment after it."""
        return datetime.combine(self.last + timedelta(days=1), datetime.min.time(), ZoneInfo(self.zone))

    def days(self) -> list[date]:
        """Return its days in order."""
        return [self.first + timedelta(days=number) for number in range((self.last - self.first).days + 1)]
