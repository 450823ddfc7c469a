"""API keys: made here, shown once, revoked here."""

from datetime import datetime
from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget

from tenants.admin_base import RoleAdmin, has_rank
from tenants.callers import RESOURCES, SPEAK_AS, WRITES
from tenants.models import APIKey, Role, User
from tenants.services.credentials import forget_credentials, make_api_key

SCOPES = [
    ("*", _("everything (*)")),
    (SPEAK_AS, SPEAK_AS),
    *[
        (f"{resource}:{action}", f"{resource}:{action}")
        for resource in sorted(RESOURCES)
        for action in ("read", "write")
    ],
]


class KeyForm(forms.ModelForm):  # type: ignore[type-arg]
    """A key with scopes to tick."""

    permissions = forms.MultipleChoiceField(
        label=_("Scopes"), choices=SCOPES, widget=UnfoldAdminCheckboxSelectMultipleWidget
    )

    class Meta:
        model = APIKey
        fields = ("key_name", "permissions", "is_active", "expiry_date")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Keep scopes that were given by the API on the list."""
        super().__init__(*args, **kwargs)
        given = [scope for scope in (self.instance.permissions or []) if scope not in dict(SCOPES)]
        self.fields["permissions"].choices = SCOPES + [(scope, scope) for scope in given]  # type: ignore[attr-defined]

    def clean_permissions(self) -> list[str]:
        """Refuse more than the maker may do (decision 29)."""
        scopes: list[str] = self.cleaned_data["permissions"]
        for scope in scopes:
            least = WRITES.get(scope.partition(":")[0], Role.ADMIN) if scope.endswith(":write") else Role.ADMIN
            if not has_rank(self.request, least):  # type: ignore[attr-defined]
                raise ValidationError(gettext("“%(scope)s” is more than you may do yourself.") % {"scope": scope})
        return scopes

    def clean_expiry_date(self) -> datetime | None:
        """Refuse a time that is over, unless it stood there before."""
        when: datetime | None = self.cleaned_data["expiry_date"]
        if when is not None and when <= timezone.now() and when != self.instance.expiry_date:
            raise ValidationError(gettext("This time is over. To end a key now, make it inactive."))
        return when


def _user(request: HttpRequest) -> User | None:
    return request.user if isinstance(request.user, User) else None


@admin.register(APIKey)
class APIKeyAdmin(RoleAdmin):
    """The tenant's keys. Only a key's hash is stored: it is shown when it is made, and never again."""

    resource = "api-keys"
    least_to_read = Role.ADMIN
    form = KeyForm
    list_display = ("key_name", "shown_prefix", "scopes", "is_active", "last_used_at", "expiry_date")
    list_filter = ("is_active",)
    search_fields = ("key_name", "prefix")
    ordering = ("key_name",)
    readonly_fields = ("shown_prefix", "user", "created_at", "last_used_at")

    @display(description=_("begins with"))
    def shown_prefix(self, key: APIKey) -> str:
        """Return the part of the key that may be seen."""
        return f"{key.prefix}…"

    @display(description=_("scopes"))
    def scopes(self, key: APIKey) -> str:
        """Return the scopes in a line."""
        return ", ".join(key.permissions)

    def get_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        """Ask for what makes a key; show more about one that there is."""
        asked = ["key_name", "permissions", "expiry_date"]
        return [*asked, "is_active", "shown_prefix", "user", "created_at", "last_used_at"] if obj else asked

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:  # noqa: FBT001, FBT002
        """Let the form know who asks."""
        form = super().get_form(request, obj, change=change, **kwargs)
        form.request = request
        return form

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: Any) -> None:
        """Store the key; a new one is made by the service, which alone knows its secret."""
        if change:
            super().save_model(request, obj, form, change)
            forget_credentials()
            return
        made, secret = make_api_key(
            name=obj.key_name, scopes=obj.permissions, user=_user(request), expiry_date=obj.expiry_date
        )
        obj.__dict__.update(made.__dict__)
        obj.secret = secret

    def response_add(self, request: HttpRequest, obj: Any, post_url_continue: str | None = None) -> HttpResponse:
        """Show the new key, this once."""
        context = {
            **self.admin_site.each_context(request),
            "title": gettext("Your new key"),
            "opts": self.opts,
            "key": obj,
        }
        response = TemplateResponse(request, "tenants/admin/new_key.html", context)
        response["Cache-Control"] = "no-store"
        return response

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        """Revoke it, in this process at once."""
        super().delete_model(request, obj)
        forget_credentials()

    def delete_queryset(self, request: HttpRequest, queryset: "QuerySet[Any]") -> None:
        """Revoke several."""
        super().delete_queryset(request, queryset)
        forget_credentials()
