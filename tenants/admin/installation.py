"""Tenants and the installation's settings."""

from typing import Any
from zoneinfo import available_timezones

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminSelectWidget

from tenants.admin_base import OperatorAdmin, RoleAdmin, shown_tenant
from tenants.models import Role, SystemConfig, TenantModel
from tenants.services.config import forget_settings
from tenants.services.credentials import forget_credentials
from tenants.services.setup import init_steps_of
from tenants.services.tenant_settings import SCHEMA


@admin.register(TenantModel)
class TenantAdmin(RoleAdmin):
    """Tenants: the operator sees all and makes new ones; an administrator sees and sets its own.

    A tenant is switched off, never deleted here: its rows go by retention and erasure.
    """

    resource = "tenants"
    least_to_read = Role.ADMIN
    list_display = ("display_name", "name", "default_language", "timezone", "is_active", "created_at")
    list_display_links = ("display_name", "name")
    list_filter = ("is_active", "default_language")
    search_fields = ("name", "display_name")
    autocomplete_fields = ("admin",)
    readonly_fields = ("created_at", "updated_at")
    fieldsets = (
        (None, {"fields": ("display_name", "name", "is_active", "admin")}),
        (_("Language and time"), {"fields": ("default_language", "timezone")}),
        (
            _("Settings"),
            {"fields": ("settings",), "description": _("Known settings: %s") % ", ".join(sorted(SCHEMA))},
        ),
        (_("Dates"), {"fields": ("created_at", "updated_at"), "classes": ["collapse"]}),
    )

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Offer the time zones that there are."""
        if db_field.name == "timezone":
            zones = [(zone, zone) for zone in sorted(available_timezones())]
            return forms.ChoiceField(
                label=capfirst(db_field.verbose_name), choices=zones, initial="UTC", widget=UnfoldAdminSelectWidget
            )
        return super().formfield_for_dbfield(db_field, request, **kwargs)

    def get_queryset(self, request: HttpRequest) -> "QuerySet[Any]":
        """Return the tenants that the person may see."""
        rows: QuerySet[Any] = super().get_queryset(request)
        return rows if request.user.is_superuser else rows.filter(pk=shown_tenant())

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Tell whether the person may look; the operator also where there is no tenant yet."""
        return request.user.is_superuser or super().has_view_permission(request, obj)

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Tell whether the person runs the installation."""
        return bool(request.user.is_superuser)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Tell whether the person may set the tenant's settings."""
        return request.user.is_superuser or super().has_change_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody deletes a tenant here."""
        return False

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """Keep name, administrator and state for the operator."""
        own = ("created_at", "updated_at")
        return own if request.user.is_superuser else ("name", "is_active", "admin", *own)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: Any) -> None:
        """Store it; a new one gets what every tenant begins with. This process reads settings and memberships anew."""
        super().save_model(request, obj, form, change)
        if not change:
            list(init_steps_of(obj))
        forget_settings()
        forget_credentials()


@admin.register(SystemConfig)
class SystemConfigAdmin(OperatorAdmin):
    """The installation's settings; a value that does not fit its type is refused."""

    list_display = ("config_key", "config_value", "config_type", "description", "updated_at")
    search_fields = ("config_key", "description")
    fields = ("config_key", "config_value", "config_type", "description")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """Keep the key of a setting that there is."""
        return ("config_key",) if obj else ()

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: Any) -> None:
        """Store it; this process reads settings anew."""
        super().save_model(request, obj, form, change)
        forget_settings()
