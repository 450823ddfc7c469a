"""Models of the installation, and the tenant's keys to their providers."""

from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.admin import TabularInline
from unfold.decorators import display
from unfold.widgets import UnfoldAdminTextInputWidget

from agents.models import AIModel, ModelVersion, ProviderCredential
from agents.services.credentials import delete_credential, moves, save_credential
from tenants.admin_base import OperatorAdmin, RoleAdmin
from tenants.models import Role, User


class VersionInline(TabularInline):
    """A model's versions."""

    model = ModelVersion
    extra = 0
    fields = ("version_number", "release_notes", "is_default")

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Tell whether the person runs the installation."""
        return bool(request.user.is_superuser)

    has_add_permission = has_change_permission = has_delete_permission = has_view_permission


@admin.register(AIModel)
class AIModelAdmin(OperatorAdmin):
    """Models that all tenants' agents may use."""

    list_display = ("name", "provider", "model_type", "version", "context_window", "is_active")
    list_filter = ("provider", "model_type", "is_active")
    search_fields = ("name", "version")
    inlines = (VersionInline,)
    fieldsets = (
        (None, {"fields": ("name", "provider", "model_type", "version", "remote_name", "base_url", "is_active")}),
        (_("Limits"), {"fields": ("max_tokens", "temperature", "context_window")}),
        (_("Prices"), {"fields": ("input_price", "output_price")}),
    )

    def get_inlines(self, request: HttpRequest, obj: Any) -> tuple[Any, ...]:
        """Show the versions of a model that there is."""
        return self.inlines if obj else ()


class CredentialForm(forms.ModelForm):  # type: ignore[type-arg]
    """A key; the secret is typed in and never shown."""

    secret = forms.CharField(
        label=_("Key"),
        required=False,
        max_length=1_000,
        widget=UnfoldAdminTextInputWidget(attrs={"type": "password", "autocomplete": "new-password"}),
        help_text=_("Stored sealed and never shown again. Empty: the key stays as it is."),
    )

    class Meta:
        model = ProviderCredential
        fields = ("name", "provider", "base_url")

    def clean(self) -> dict[str, Any]:
        """Ask for the secret where the key is new or goes to another address."""
        values = super().clean() or {}
        kept = ProviderCredential.objects.filter(pk=self.instance.pk).first()
        changed = {name: values[name] for name in ("provider", "base_url") if name in values}
        if not values.get("secret") and (kept is None or moves(kept, changed)):
            raise ValidationError({"secret": gettext("Enter the key itself.")})
        others = ProviderCredential.objects.filter(
            provider=values.get("provider"), base_url=values.get("base_url", "").rstrip("/")
        )
        if others.exclude(pk=self.instance.pk).exists():
            raise ValidationError({"base_url": gettext("There is a key for this provider and address already.")})
        return values


@admin.register(ProviderCredential)
class ProviderCredentialAdmin(RoleAdmin):
    """The tenant's keys to providers of language models."""

    resource = "provider-credentials"
    least_to_read = Role.ADMIN
    form = CredentialForm
    list_display = ("__str__", "provider", "base_url", "masked", "updated_at")
    list_filter = ("provider",)
    search_fields = ("name", "base_url")
    readonly_fields = ("masked", "created_at", "updated_at")
    fieldsets = (
        (None, {"fields": ("name", "provider", "base_url", "secret", "masked")}),
        (_("Dates"), {"fields": ("created_at", "updated_at"), "classes": ["collapse"]}),
    )

    @display(description=_("ends in"))
    def masked(self, credential: ProviderCredential) -> str:
        """Return the key's last characters."""
        return f"…{credential.ending}" if credential.ending else "–"

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: Any) -> None:
        """Store it by the service, which seals the secret and writes the audit log."""
        fields = {name: form.cleaned_data[name] for name in form.changed_data if name != "secret"}
        kept = ProviderCredential.objects.get(pk=obj.pk) if change else ProviderCredential()
        saved = save_credential(kept, fields, secret=form.cleaned_data["secret"], actor=_person(request))
        obj.pk, obj._state.adding = saved.pk, False

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        """Delete it by the service."""
        delete_credential(obj, actor=_person(request))

    def delete_queryset(self, request: HttpRequest, queryset: "QuerySet[Any]") -> None:
        """Delete each by the service."""
        for credential in queryset:
            delete_credential(credential, actor=_person(request))

    def log_addition(self, request: HttpRequest, obj: Model, message: Any) -> None:
        """The service has written it."""

    def log_change(self, request: HttpRequest, obj: Model, message: Any) -> None:
        """The service has written it."""

    def log_deletions(self, request: HttpRequest, queryset: "QuerySet[Any]") -> None:
        """The service writes it."""


def _person(request: HttpRequest) -> User | None:
    return request.user if isinstance(request.user, User) else None
