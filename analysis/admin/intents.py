"""What people may want: a tenant's intents by examples."""

from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display
from unfold.widgets import UnfoldAdminTextareaWidget

from analysis.admin.charts import intents_context
from analysis.models import Intent
from tenants.admin_base import RoleAdmin


class LinesField(forms.CharField):
    """A list of texts, one a line."""

    widget = UnfoldAdminTextareaWidget(attrs={"rows": 16})

    def prepare_value(self, value: Any) -> Any:
        """Show a list as lines."""
        return "\n".join(value) if isinstance(value, list) else value

    def to_python(self, value: Any) -> Any:
        """Read lines as a list."""
        return [line.strip() for line in (super().to_python(value) or "").splitlines() if line.strip()]

    def has_changed(self, initial: Any, data: Any) -> bool:
        """Tell whether the lines say something else."""
        return bool(initial != self.to_python(data))


class IntentForm(forms.ModelForm):  # type: ignore[type-arg]
    """An intent with its examples, one a line."""

    examples = LinesField(label=_("examples"), required=False, help_text=_("One sentence a line, as people write it."))

    class Meta:
        model = Intent
        fields = ("name", "description", "is_active", "examples")


@admin.register(Intent)
class IntentAdmin(RoleAdmin):
    """Intents, with how often each was met in the last thirty days."""

    resource = "intents"
    form = IntentForm
    list_before_template = "analysis/admin/intents.html"
    list_display = ("name", "description", "how_many", "is_active", "updated_at")
    list_filter = ("is_active",)
    search_fields = ("name", "description")
    ordering = ("name",)

    @display(description=_("examples"))
    def how_many(self, intent: Intent) -> int:
        """Return how many examples there are."""
        return len(intent.examples)

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Show the chart and the list."""
        chart = intents_context() if self.has_view_permission(request) else {}
        shown: HttpResponse = super().changelist_view(request, {**(extra_context or {}), **chart})
        return shown
