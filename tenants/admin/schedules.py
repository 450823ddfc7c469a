"""Recurring work: when each entry ran, how it ended, when it runs next, and its switch."""

from datetime import UTC, datetime, timedelta
from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.formats import date_format
from django.utils.text import capfirst
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from tenants.admin_base import OperatorAdmin
from tenants.models import Schedule, User
from tenants.services.schedules import SCHEDULES, ScheduleEntry, know_entries, switch

DAY, HOUR, MINUTE = timedelta(days=1), timedelta(hours=1), timedelta(minutes=1)
WEEK, EPOCH = 7 * DAY, datetime(1970, 1, 1, tzinfo=UTC)


def rhythm(entry: ScheduleEntry) -> str:
    """Return in words how often an entry runs: “every 10 minutes”, “every day at 03:00 UTC”, “every Sunday at …”."""
    every = entry.every
    if every == WEEK:
        first = EPOCH + entry.offset
        return gettext("every %(day)s at %(time)s UTC") % {"day": date_format(first, "l"), "time": f"{first:%H:%M}"}
    if every % DAY == timedelta(0):
        days = ngettext("every day", "every %(count)d days", every // DAY) % {"count": every // DAY}
        minutes = entry.offset % DAY // MINUTE
        at = f"{minutes // 60:02}:{minutes % 60:02}"
        return gettext("%(days)s at %(time)s UTC") % {"days": days, "time": at}
    if every % HOUR == timedelta(0):
        return ngettext("every hour", "every %(count)d hours", every // HOUR) % {"count": every // HOUR}
    return ngettext("every minute", "every %(count)d minutes", every // MINUTE) % {"count": every // MINUTE}


@admin.register(Schedule)
class ScheduleAdmin(OperatorAdmin):
    """Every entry of the schedules: for the operator, who may only switch them."""

    list_display = ("what", "state", "how_often", "last_run", "outcome", "reason", "next_time")
    list_filter = ("is_enabled",)
    ordering = ("name",)
    fields = ("what", "name", "is_enabled", "how_often", "last_run", "last_outcome", "next_run")
    readonly_fields = ("what", "name", "how_often", "last_run", "last_outcome", "next_run")
    actions = ("switch_on", "switch_off")
    empty_text = _("Nothing is switched so.")

    @display(description=_("what it does"), ordering="name")
    def what(self, schedule: Schedule) -> str:
        """Return what the entry does."""
        return capfirst(str(SCHEDULES[schedule.name].label))

    @display(description=_("switch"), ordering="is_enabled", label={"on": "success", "off": "warning"})
    def state(self, schedule: Schedule) -> tuple[str, str]:
        """Return whether it runs, coloured."""
        return ("on", gettext("on")) if schedule.is_enabled else ("off", gettext("off"))

    @display(description=_("how often"))
    def how_often(self, schedule: Schedule) -> str:
        """Return its rhythm."""
        return rhythm(SCHEDULES[schedule.name])

    @display(description=_("last outcome"), label={"done": "success", "failed": "danger", "never": "info"})
    def outcome(self, schedule: Schedule) -> tuple[str, str]:
        """Return how its last run ended, coloured."""
        if schedule.last_run is None:
            return "never", gettext("has not run yet")
        return ("failed", gettext("failed")) if schedule.last_outcome else ("done", gettext("done"))

    @display(description=_("error"))
    def reason(self, schedule: Schedule) -> str:
        """Return the first words of what went wrong."""
        return schedule.last_outcome[:80]

    @display(description=_("next run"), ordering="next_run", empty_value="–")
    def next_time(self, schedule: Schedule) -> Any:
        """Return when it runs next; nothing while it is off."""
        return schedule.next_run if schedule.is_enabled else None

    def get_queryset(self, request: HttpRequest) -> "QuerySet[Any]":
        """Return the entries that there are in this version."""
        rows: QuerySet[Any] = super().get_queryset(request)
        return rows.filter(name__in=SCHEDULES.entries)

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Nobody adds: the program brings the entries."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody deletes: there is the switch."""
        return False

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Show every entry, also one that no sweeper has seen yet."""
        if self.has_view_permission(request):
            know_entries()
        response: HttpResponse = super().changelist_view(request, extra_context)
        return response

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: Any) -> None:
        """Switch it by the service, which leaves the trace."""
        switch(obj.name, on=obj.is_enabled, by=_person(request))

    def log_change(self, request: HttpRequest, obj: Any, message: Any) -> None:
        """The service has told of it."""

    @admin.action(description=_("Switch on"), permissions=["change"])
    def switch_on(self, request: HttpRequest, queryset: "QuerySet[Schedule]") -> None:
        """Switch the chosen ones on."""
        self._switch(request, queryset, on=True)

    @admin.action(description=_("Switch off"), permissions=["change"])
    def switch_off(self, request: HttpRequest, queryset: "QuerySet[Schedule]") -> None:
        """Switch the chosen ones off."""
        self._switch(request, queryset, on=False)

    def _switch(self, request: HttpRequest, queryset: "QuerySet[Schedule]", *, on: bool) -> None:
        count = sum(switch(schedule.name, on=on, by=_person(request)) for schedule in queryset)
        said = ngettext("%(count)d entry was switched.", "%(count)d entries were switched.", count)
        messages.success(request, said % {"count": count})


def _person(request: HttpRequest) -> User | None:
    return request.user if isinstance(request.user, User) else None
