"""The audit log and the error log, to be read and never written here."""

import ipaddress
import json
from typing import Any
from uuid import UUID

from django.contrib import admin
from django.db import connections
from django.db.models import OuterRef, Q, QuerySet, Subquery
from django.http import HttpRequest, HttpResponse
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from audit.models import AuditLog, ErrorLog
from audit.services.events import keyed_hash
from tenants.admin_base import ReadOnly, RoleAdmin, shown_tenant
from tenants.admin_filters import recent_values
from tenants.models import Role, User
from tenants.scope import OPERATIONS


class LogAdmin(ReadOnly, RoleAdmin):
    """Rows of the tenant that is shown; the operator also sees those that belong to none."""

    least_to_read = Role.ADMIN
    list_fullwidth = True

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Tell whether the person may look; the operator also where there is no tenant yet."""
        return request.user.is_superuser or super().has_view_permission(request, obj)

    def get_queryset(self, request: HttpRequest) -> "QuerySet[Any]":
        """Return the rows; those without a tenant are readable by the operations role alone."""
        if not request.user.is_superuser:
            rows: QuerySet[Any] = super().get_queryset(request)
            return rows
        seen = Q(tenant_id=shown_tenant()) | Q(tenant_id__isnull=True)
        everything: QuerySet[Any] = self.model._base_manager.using(OPERATIONS)
        return everything.filter(seen).order_by(*self.get_ordering(request))

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Show the list."""
        return _rendered(super().changelist_view(request, extra_context))

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """Show one row."""
        context = {**(extra_context or {}), "show_history": False}
        return _rendered(super().changeform_view(request, object_id, form_url, context))


def _rendered(response: Any) -> HttpResponse:
    """Render now and give the operations connection back: a server's threads would each keep one."""
    if hasattr(response, "render") and not response.is_rendered:
        response.render()
    if not connections[OPERATIONS].in_atomic_block:
        connections[OPERATIONS].close()
    shown: HttpResponse = response
    return shown


def _as_json(value: Any) -> str:
    return format_html('<pre class="ch-pre">{}</pre>', json.dumps(value, indent=2, ensure_ascii=False, default=str))


@admin.register(AuditLog)
class AuditLogAdmin(LogAdmin):
    """What happened. Searching for an e-mail or an address looks for its hash: the log holds no other."""

    list_display = ("created_at", "action", "actor", "object_type", "object_id", "position")
    list_filter = (recent_values("action", _("action")), recent_values("object_type", _("kind of object")))
    search_fields = ("object_id", "action", "ip_address")
    search_help_text = _("Search by object, action, network address or e-mail")
    ordering = ("-id",)
    fields = (
        "created_at", "action", "actor", "object_type", "object_id", "shown_details", "ip_address", "request_id",
        "tenant", "position", "previous_hash", "hash",
    )  # fmt: skip

    def get_search_results(
        self, request: HttpRequest, queryset: "QuerySet[Any]", search_term: str
    ) -> tuple["QuerySet[Any]", bool]:
        """Look for personal data by its keyed hash."""
        term = search_term.strip()
        if _is_address(term):
            return queryset.filter(ip_address=keyed_hash(term)), False
        if "@" in term:
            person = User.objects.filter(email=term.lower()).values_list("pk", flat=True).first()
            return queryset.filter(Q(details__email=keyed_hash(term)) | Q(actor_id=person or UUID(int=0))), False
        found: tuple[QuerySet[Any], bool] = super().get_search_results(request, queryset, search_term)
        return found

    def get_queryset(self, request: HttpRequest) -> "QuerySet[Any]":
        """Return the rows with their actors' e-mails, while those are there."""
        person = User._base_manager.filter(pk=OuterRef("actor_id")).values("email")[:1]
        rows: QuerySet[Any] = super().get_queryset(request).annotate(actor_email=Subquery(person))
        return rows

    @display(description=_("actor"))
    def actor(self, row: Any) -> str:
        """Return who did it: the e-mail, else the id of somebody who is gone."""
        return str(row.actor_email or row.actor_id or "–")

    @display(description=_("details"))
    def shown_details(self, row: AuditLog) -> str:
        """Return the details, set out."""
        return _as_json(row.details)


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


@admin.register(ErrorLog)
class ErrorLogAdmin(LogAdmin):
    """What went wrong, each error once with how often."""

    list_display = ("last_seen", "error_type", "shown_message", "count", "route")
    search_fields = ("error_type", "error_message")
    ordering = ("-last_seen",)
    fields = (
        "error_type", "error_message", "count", "created_at", "last_seen", "user_id", "shown_request", "shown_trace",
    )  # fmt: skip

    @display(description=_("message"))
    def shown_message(self, row: ErrorLog) -> str:
        """Return the message's beginning."""
        return row.error_message[:120]

    @display(description=_("where"))
    def route(self, row: ErrorLog) -> str:
        """Return the route that met the error."""
        return str(row.request_data.get("route") or "–")

    @display(description=_("request"))
    def shown_request(self, row: ErrorLog) -> str:
        """Return what is known of the request."""
        return _as_json(row.request_data)

    @display(description=_("stack trace"))
    def shown_trace(self, row: ErrorLog) -> str:
        """Return the trace as it was."""
        return format_html('<pre class="ch-pre">{}</pre>', row.stack_trace)
