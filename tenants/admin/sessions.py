"""Everybody's open log-ins, for who runs the installation: deleting one ends it."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from tenants.admin_base import OperatorAdmin
from tenants.services.sessions import end_sessions
from tenants.session_models import LoginSession


@admin.register(LoginSession)
class LoginSessionAdmin(OperatorAdmin):
    """Tokens and cookies with which people are logged in."""

    list_display = ("user", "kind", "address", "user_agent", "second_factor", "created_at", "last_seen_at")
    list_filter = ("second_factor",)
    list_select_related = ("user",)
    search_fields = ("user__email",)
    search_help_text = _("Search by e-mail")
    fields = ("user", "kind", "address", "user_agent", "second_factor", "created_at", "last_seen_at", "expires_at")
    readonly_fields = fields

    @display(description=_("kind"))
    def kind(self, row: LoginSession) -> Any:
        """Return what it was opened for."""
        return _("API token") if row.token_id else _("Administration")

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Nobody adds one: people log in."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody changes one."""
        return False

    def delete_model(self, request: HttpRequest, obj: LoginSession) -> None:
        """End it."""
        end_sessions([obj])

    def delete_queryset(self, request: HttpRequest, queryset: "QuerySet[Any]") -> None:
        """End several."""
        end_sessions(queryset)
