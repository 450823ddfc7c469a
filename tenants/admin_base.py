"""The base of every admin: what a role may do, what is written to the audit log, and lists that never count it all.

Source: decision 28; architecture.md, "Speed, by design". Every page shows the rows of one tenant, the one that
AdminScopeMiddleware opened.
"""

from typing import TYPE_CHECKING, Any, ClassVar
from uuid import UUID

from django.core.paginator import Paginator
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.http import urlencode
from django.utils.safestring import SafeString
from unfold.admin import ModelAdmin
from unfold.decorators import display
from unfold.views import ChangeList

from tenants.admin_drawing import box_of
from tenants.callers import RANK, WRITES
from tenants.client_address import client_address
from tenants.models import Role
from tenants.scope import scope
from tenants.signals import identity_changed

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise as StrPromise

COUNT_AT_MOST = 1_000
# Lookups that no filter of ours offers and that end in an error of the server for a year beyond those Python counts.
PARTS_OF_DATES = ("year", "iso_year", "month", "day", "week", "week_day", "iso_week_day", "quarter")


def role_of(request: HttpRequest) -> Role | None:
    """Return the person's role in the tenant that is shown; None without a tenant."""
    role = getattr(request, "admin_role", None)
    return Role(role) if role else None


def shown_tenant() -> UUID | None:
    """Return the tenant that the page shows."""
    current = scope()
    return current if isinstance(current, UUID) else None


def has_rank(request: HttpRequest, least: Role) -> bool:
    """Tell whether the person has at least this role in the tenant that is shown."""
    role = role_of(request)
    return role is not None and RANK[role] >= RANK[least]


class CappedPaginator(Paginator):  # type: ignore[type-arg]
    """Counts to a thousand and no further: a table's size must not decide how long its list takes."""

    @cached_property
    def count(self) -> int:
        """Return the number of rows, or a thousand."""
        rows = self.object_list
        return rows.order_by()[:COUNT_AT_MOST].count() if isinstance(rows, QuerySet) else len(rows)


class CappedChangeList(ChangeList):
    """Says how many rows a search found only where there was a search."""

    def get_results(self, request: HttpRequest) -> None:
        """Read the page."""
        super().get_results(request)
        if not (self.query or self.has_active_filters):
            self.full_result_count = self.result_count


class RoleAdmin(ModelAdmin):
    """An admin whose rights come from the person's role in the tenant.

    `resource` is the API's first path segment: the role that writes there writes here, unless `least_to_write` names
    one. `least_to_read` is the role that sees the pages at all. `empty_text` is what a list without a row says.
    """

    resource: ClassVar[str] = ""
    least_to_write: ClassVar[Role | None] = None
    least_to_read: ClassVar[Role] = Role.VIEWER
    empty_text: "ClassVar[str | StrPromise]" = ""
    paginator = CappedPaginator
    show_full_result_count = False
    list_per_page = 25
    list_filter_sheet = True
    warn_unsaved_form = True
    compressed_fields = True

    @display(description=ModelAdmin.action_checkbox.short_description)
    def action_checkbox(self, obj: Model) -> SafeString:
        """Return the box by which the row is chosen."""
        return box_of(obj.pk)

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        """Return the list's class."""
        return CappedChangeList

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest | None = None) -> bool:
        """Tell whether an address may narrow the list so; 400 where it may not."""
        asks_for_parts = not set(lookup.split("__")).isdisjoint(PARTS_OF_DATES)
        return not asks_for_parts and bool(super().lookup_allowed(lookup, value, request))

    def may_write(self, request: HttpRequest) -> bool:
        """Tell whether the person may change rows of this kind."""
        return has_rank(request, self.least_to_write or WRITES.get(self.resource, Role.OWNER))

    def has_module_permission(self, request: HttpRequest) -> bool:
        """Tell whether the menu shows this kind."""
        return self.has_view_permission(request)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Tell whether the person may look."""
        return has_rank(request, self.least_to_read)

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Tell whether the person may add."""
        return self.may_write(request)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Tell whether the person may change."""
        return self.may_write(request)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Tell whether the person may delete."""
        return self.may_write(request)

    # Django's own log is one table for all tenants, with people's names in it; the audit log stands in its place.
    def log_addition(self, request: HttpRequest, obj: Model, message: Any) -> None:
        """Tell of a row that was added."""
        tell(request, "admin_added", obj)

    def log_change(self, request: HttpRequest, obj: Model, message: Any) -> None:
        """Tell of a row that was changed, and of which fields."""
        tell(request, "admin_changed", obj, changed=_fields_of(message))

    def log_deletions(self, request: HttpRequest, queryset: "QuerySet[Any]") -> None:
        """Tell of rows that are about to be deleted."""
        for obj in queryset:
            tell(request, "admin_deleted", obj)

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Show what the audit log knows of a row."""
        known = {"object_type": self.opts.model_name, "object_id": object_id}
        return HttpResponseRedirect(f"{reverse('admin:audit_auditlog_changelist')}?{urlencode(known)}")


class OperatorAdmin(RoleAdmin):
    """What belongs to the installation: for its operator alone."""

    def may_write(self, request: HttpRequest) -> bool:
        """Tell whether the person runs the installation."""
        return bool(request.user.is_active and request.user.is_superuser)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Tell whether the person runs the installation."""
        return self.may_write(request)


class ReadOnly:
    """To mix in before an admin: rows that are looked at and never written here."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Nobody adds."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody changes."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody deletes."""
        return False


def tell(request: HttpRequest, action: str, obj: Model, **details: Any) -> None:
    """Tell who listens (the audit log) what somebody did in the administration."""
    opts = obj._meta
    tenant_id = getattr(obj, "tenant_id", None)
    identity_changed.send(
        sender=type(obj),
        action=action,
        user=request.user,
        tenant_id=obj.pk if opts.label_lower == "tenants.tenantmodel" else tenant_id,
        object_type=opts.model_name,
        object_id=str(obj.pk),
        ip_address=client_address(request),
        details=details,
    )


def _fields_of(message: Any) -> list[str]:
    """Return the names of the changed fields out of Django's description of a change."""
    parts = message if isinstance(message, list) else []
    return [str(name) for part in parts for change in part.values() for name in change.get("fields", [])]
