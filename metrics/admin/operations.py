"""One page for who runs the installation: health, queue, schedule, disks, and how each command last did.

Its buttons do what is safe at any time: everything that a schedule runs may be repeated (tenants/services/schedules).
"""

from datetime import timedelta
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import path, reverse
from django.utils import timezone
from django.utils.formats import number_format
from django.utils.text import capfirst
from django.utils.timesince import timesince
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST
from unfold.decorators import display

from metrics.models import CommandRun
from metrics.probes import readiness
from metrics.services.operations import database_size, disks
from tenants.admin.schedules import rhythm
from tenants.admin.work import KINDS
from tenants.admin_base import OperatorAdmin, ReadOnly
from tenants.backup_models import Backup
from tenants.backups.records import newest_proved
from tenants.models import Schedule, User, WorkItem, WorkState
from tenants.scope import OPERATIONS
from tenants.services.replaying import MOST_AT_ONCE, run_again
from tenants.services.schedules import SCHEDULES, know_entries, run_now, switch
from tenants.services.work_figures import work_figures
from tenants.work import BACKUP

PAGE = "admin:metrics_commandrun_changelist"
MOST_BACKUPS = 5


@admin.register(CommandRun)
class OperationsAdmin(ReadOnly, OperatorAdmin):
    """The last run of each command, below what goes on."""

    list_before_template = "metrics/admin/operations.html"
    list_display = ("command", "outcome", "finished_at", "took", "succeeded_at", "reason")
    list_display_links = None
    ordering = ("-finished_at",)
    empty_text = _("No command has been run yet.")

    @display(description=_("last outcome"), label={"done": "success", "failed": "danger"})
    def outcome(self, run: CommandRun) -> tuple[str, str]:
        """Return how it ended, coloured."""
        return ("failed", gettext("failed")) if run.has_failed else ("done", gettext("done"))

    @display(description=_("took"))
    def took(self, run: CommandRun) -> str:
        """Return how long it took."""
        return f"{run.seconds:.1f} s" if run.seconds < 60 else f"{run.seconds / 60:.0f} min"

    @display(description=_("error"))
    def reason(self, run: CommandRun) -> str:
        """Return the first words of what went wrong."""
        return run.error[:120]

    def get_urls(self) -> list[Any]:
        """Add what the buttons do."""
        guard = self.admin_site.admin_view
        own = [
            path(
                "schedule/<str:name>/<str:act>/", guard(require_POST(self.act_on_schedule)), name="operations_schedule"
            ),
            path("work/again/", guard(require_POST(self.work_again)), name="operations_work_again"),
        ]
        return [*own, *super().get_urls()]

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Show what goes on, then the commands."""
        page = _page() if self.has_view_permission(request) else {}
        shown: HttpResponse = super().changelist_view(
            request, {"title": _("Operations"), **(extra_context or {}), **page}
        )
        return shown

    def act_on_schedule(self, request: HttpRequest, name: str, act: str) -> HttpResponse:
        """Switch an entry on or off, or run it now."""
        by = self._operator(request)
        if name not in SCHEDULES or act not in {"on", "off", "now"}:
            raise Http404
        words = {"name": capfirst(str(SCHEDULES[name].label))}
        if act == "now":
            planted = run_now(name, by=by)
            said = ngettext(
                "“%(name)s” runs now, for %(count)d tenant.", "“%(name)s” runs now, for %(count)d tenants.", planted
            )
            messages.success(request, said % {**words, "count": planted})
        else:
            switch(name, on=act == "on", by=by)
            said = gettext("“%(name)s” is switched on.") if act == "on" else gettext("“%(name)s” is switched off.")
            messages.success(request, said % words)
        return HttpResponseRedirect(f"{reverse(PAGE)}#ch-schedule")

    def work_again(self, request: HttpRequest) -> HttpResponse:
        """Give all work that was given up another chance."""
        by = self._operator(request)
        dead = WorkItem.objects.using(OPERATIONS).filter(state=WorkState.DEAD).order_by("pk")
        count = run_again(list(dead.values_list("pk", flat=True)[:MOST_AT_ONCE]), tenant_id=None, by=by)
        said = ngettext("%(count)d piece of work runs again.", "%(count)d pieces of work run again.", count)
        messages.success(request, said % {"count": count})
        return HttpResponseRedirect(f"{reverse(PAGE)}#ch-queue")

    def _operator(self, request: HttpRequest) -> User:
        if not self.may_write(request) or not isinstance(request.user, User):
            raise PermissionDenied
        return request.user


def _page() -> dict[str, Any]:
    know_entries()
    size, tables = database_size()
    work = work_figures(using=OPERATIONS)
    return {
        "findings": readiness(),
        "work": [
            {"figures": each, "name": KINDS.get(each.kind, each.kind), "for": _since(each.oldest)} for each in work
        ],
        "dead": sum(each.dead for each in work),
        "entries": [_entry(row) for row in _schedules()],
        **_backups(),
        "disks": disks(),
        "database_bytes": size,
        "tables": [{**table, "shown_rows": number_format(table["rows"], force_grouping=True)} for table in tables],
    }


def _schedules() -> "QuerySet[Schedule]":
    return Schedule.objects.filter(name__in=SCHEDULES.entries).order_by("name")


def _entry(row: Schedule) -> dict[str, Any]:
    entry = SCHEDULES[row.name]
    return {"row": row, "label": capfirst(str(entry.label)), "rhythm": rhythm(entry)}


def _backups() -> dict[str, Any]:
    """Return the latest backups, and when one was last proved restorable."""
    there = Backup.objects.filter(removed_at=None)
    return {"backups": there.order_by("-made_at")[:MOST_BACKUPS], "proved_at": newest_proved(), "backup_entry": BACKUP}


def _since(seconds: float) -> str:
    if not seconds:
        return ""
    now = timezone.now()
    return f"{seconds:.0f} s" if seconds < 60 else timesince(now - timedelta(seconds=seconds), now)
