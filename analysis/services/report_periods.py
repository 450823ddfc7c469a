"""The stretches of days that reports are made of: a day, a week from Monday, a calendar month."""

from calendar import monthrange
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from analysis.models import ReportPeriod

TREND_DAYS: Final = 14
EARLIEST: Final = date(2000, 1, 1)  # no conversation was held here before


@dataclass(frozen=True)
class Span:
    """A report's days, first and last."""

    kind: ReportPeriod
    first: date
    last: date

    @classmethod
    def holding(cls, kind: ReportPeriod, day: date) -> "Span":
        """Return the span of a kind that a day lies in."""
        if kind == ReportPeriod.DAILY:
            return cls(kind, day, day)
        if kind == ReportPeriod.WEEKLY:
            monday = day - timedelta(days=day.weekday())
            return cls(kind, monday, monday + timedelta(days=6))
        return cls(kind, day.replace(day=1), day.replace(day=monthrange(day.year, day.month)[1]))

    @classmethod
    def last_whole(cls, kind: ReportPeriod, today: date) -> "Span":
        """Return the latest span of a kind that is over."""
        return cls.holding(kind, today).before

    @property
    def before(self) -> "Span":
        """Return the span before this one."""
        return self.holding(self.kind, self.first - timedelta(days=1))

    @property
    def after(self) -> "Span":
        """Return the span after this one."""
        return self.holding(self.kind, self.last + timedelta(days=1))

    @property
    def shown_from(self) -> date:
        """Return the first day that its charts show: one day alone would be no course, so it has those before it."""
        return self.last - timedelta(days=TREND_DAYS - 1) if self.kind == ReportPeriod.DAILY else self.first

    @property
    def needed_from(self) -> date:
        """Return the first day that a report of it reads."""
        return min(self.before.first, self.shown_from)
