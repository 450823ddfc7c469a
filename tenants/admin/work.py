"""The work rows behind the tasks: what waits, what was given up and why, and another chance for that."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db import DEFAULT_DB_ALIAS
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import path, reverse
from django.utils import timezone
from django.utils.formats import localize
from django.utils.text import capfirst
from django.utils.timesince import timesince
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST
from unfold.decorators import display

from tenants.admin_base import ReadOnly, RoleAdmin, has_rank, shown_tenant
from tenants.models import Role, User, WorkItem, WorkState
from tenants.scope import current_tenant_id
from tenants.services.replaying import MOST_AT_ONCE, dismiss, run_again
from tenants.services.work import WORK_KINDS
from tenants.services.work_figures import work_figures

KINDS = {
    "turn": _("agent's turn"),
    "analysis": _("analysis"),
    "delivery": _("webhook delivery"),
    "notification": _("notification"),
    "import": _("import"),
    "erasure": _("erasure"),
    "schedule": _("scheduled work"),
    "signal_retry": _("step tried again"),
}
LIST = "admin:tenants_workitem_changelist"


class OfKind(admin.SimpleListFilter):
    """The kinds that there are; Django's own filter would read the whole table for them."""

    title = _("kind")
    parameter_name = "kind"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        """Offer each kind."""
        return [(kind, KINDS.get(kind, kind)) for kind in WORK_KINDS.entries]

    def queryset(self, request: HttpRequest, queryset: "QuerySet[WorkItem]") -> "QuerySet[WorkItem]":
        """Keep one kind alone, where it is chosen."""
        return queryset.filter(kind=self.value()) if self.value() else queryset


class OfShownTenant(admin.SimpleListFilter):
    """The operator's choice between all tenants and the one that is shown."""

    title = _("tenant")
    parameter_name = "of"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        """Offer the tenant that is shown."""
        return [("shown", _("the one shown"))]

    def queryset(self, request: HttpRequest, queryset: "QuerySet[WorkItem]") -> "QuerySet[WorkItem]":
        """Keep its rows alone, where it is chosen."""
        return queryset.filter(tenant_id=shown_tenant()) if self.value() == "shown" else queryset


@admin.register(WorkItem)
class WorkItemAdmin(ReadOnly, RoleAdmin):
    """A tenant's work for its administrators, everybody's for the operator. Done rows go after seven days."""

    least_to_read = Role.ADMIN
    least_to_write = Role.ADMIN
    list_display = ("shown_kind", "state_label", "age", "attempts", "shown_error", "reference", "run_after")
    list_filter = ("state", OfKind)
    list_select_related = ("tenant",)
    ordering = ("-id",)
    fields = (
        "shown_kind", "reference", "state", "last_error", "attempts", "lost_leases", "created_at", "run_after",
        "rung_at", "held_until", "finished_at",
    )  # fmt: skip
    readonly_fields = fields
    actions = ("run_chosen_again", "dismiss_chosen")
    list_before_template = "tenants/admin/work_figures.html"
    change_form_outer_before_template = "tenants/admin/run_again.html"
    empty_text = _("Nothing waits here. Work that is done is removed after seven days; what was given up stays.")

    @display(description=_("kind"), ordering="kind")
    def shown_kind(self, item: WorkItem) -> str:
        """Return the kind in words."""
        return capfirst(str(KINDS.get(item.kind, item.kind)))

    @display(description=_("reference"))
    def reference(self, item: WorkItem) -> str:
        """Return what it is about: an id, with a name before it for some kinds."""
        return item.ref_id

    @display(description=_("held until"))
    def held_until(self, item: WorkItem) -> str:
        """Return until when somebody works on it, if anybody does."""
        return str(localize(timezone.localtime(item.lease_until))) if item.lease_until else ""

    @display(
        description=_("state"),
        ordering="state",
        label={
            WorkState.READY: "info",
            WorkState.LEASED: "warning",
            WorkState.DONE: "success",
            WorkState.DEAD: "danger",
        },
    )
    def state_label(self, item: WorkItem) -> tuple[str, str]:
        """Return the state, coloured."""
        return item.state, item.get_state_display()

    @display(description=_("age"), ordering="id")
    def age(self, item: WorkItem) -> str:
        """Return how long ago it was written."""
        return timesince(item.created_at, depth=1)

    @display(description=_("last error"))
    def shown_error(self, item: WorkItem) -> str:
        """Return the error's first line."""
        return item.last_error.partition("\n")[0][:120]

    @display(description=_("tenant"))
    def whose(self, item: WorkItem) -> str:
        """Return whose it is."""
        return str(item.tenant)

    def get_list_display(self, request: HttpRequest) -> tuple[str, ...]:
        """Show whose it is where it may be anybody's."""
        return (*self.list_display, "whose") if request.user.is_superuser else self.list_display

    def get_list_filter(self, request: HttpRequest) -> tuple[Any, ...]:
        """Let the operator choose whose."""
        return (*self.list_filter, OfShownTenant) if request.user.is_superuser else self.list_filter

    def get_queryset(self, request: HttpRequest) -> "QuerySet[Any]":
        """Return the work of the tenant that is shown, to the operator everybody's: the table knows no policy."""
        rows: QuerySet[Any] = super().get_queryset(request)
        return rows if request.user.is_superuser else rows.filter(tenant_id=shown_tenant())

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Tell whether the person may look."""
        return bool(request.user.is_active and request.user.is_superuser) or has_rank(request, Role.ADMIN)

    def has_run_again_permission(self, request: HttpRequest) -> bool:
        """Tell whether the person may give dead work another chance: whoever sees it."""
        return self.has_view_permission(request)

    def get_urls(self) -> list[Any]:
        """Add the button of a row's page."""
        view = self.admin_site.admin_view(require_POST(self.run_one_again))
        return [path("<int:item_id>/again/", view, name="tenants_workitem_again"), *super().get_urls()]

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Show what waits by kind above the list."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        figures = work_figures(using=DEFAULT_DB_ALIAS, tenant_id=_tenant_of(request))
        waiting = [
            {"figures": each, "name": KINDS.get(each.kind, each.kind), "for": _for(each.oldest)}
            for each in figures
            if each.ready or each.leased or each.dead
        ]
        response: HttpResponse = super().changelist_view(request, {**(extra_context or {}), "waiting": waiting})
        return response

    @admin.action(description=_("Run again"), permissions=["run_again"])
    def run_chosen_again(self, request: HttpRequest, queryset: "QuerySet[WorkItem]") -> None:
        """Give those of the chosen rows that are dead another chance."""
        self._run_again(request, _dead(queryset))

    @admin.action(description=_("Put away undone"), permissions=["run_again"])
    def dismiss_chosen(self, request: HttpRequest, queryset: "QuerySet[WorkItem]") -> None:
        """Put those of the chosen rows that are dead away, so that they alarm nobody any more."""
        by = request.user if isinstance(request.user, User) else None
        count = dismiss(_dead(queryset), tenant_id=_tenant_of(request), by=by)
        if not count:
            messages.warning(request, gettext("Nothing was put away: only what was given up can be."))
            return
        said = ngettext("%(count)d row was put away.", "%(count)d rows were put away.", count)
        messages.success(request, said % {"count": count})

    def run_one_again(self, request: HttpRequest, item_id: int) -> HttpResponse:
        """Give one row another chance, and lead to the list."""
        if self.has_run_again_permission(request):
            self._run_again(request, [item_id])
        return HttpResponseRedirect(reverse(LIST))

    def _run_again(self, request: HttpRequest, item_ids: list[int]) -> None:
        by = request.user if isinstance(request.user, User) else None
        count = run_again(item_ids, tenant_id=_tenant_of(request), by=by)
        if not count:
            messages.warning(request, gettext("Nothing was run again: only what was given up can be."))
            return
        said = ngettext("%(count)d row is run again.", "%(count)d rows are run again.", count)
        messages.success(request, said % {"count": count})


def _dead(queryset: "QuerySet[WorkItem]") -> list[int]:
    return list(queryset.filter(state=WorkState.DEAD).order_by("pk").values_list("pk", flat=True)[:MOST_AT_ONCE])


def _tenant_of(request: HttpRequest) -> UUID | None:
    """Return the tenant that the person is kept to; None for the operator alone."""
    return None if request.user.is_superuser else current_tenant_id()


def _for(seconds: float) -> str:
    """Return an age in words; nothing below a second."""
    if seconds < 60:
        return gettext("%(seconds)d s") % {"seconds": seconds} if seconds >= 1 else ""
    now = timezone.now()
    return timesince(now - timedelta(seconds=seconds), now, depth=1)
