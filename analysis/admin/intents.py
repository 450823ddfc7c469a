"""What people may want: a tenant's intents by examples."""

from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import path
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display
from unfold.widgets import UnfoldAdminTextareaWidget

from analysis.admin.charts import intents_context
from analysis.models import Intent
from analysis.services.guessing import guess_intent
from analysis.services.intents import classifier_in_use, delete_intent, save_intent
from tenants.admin_base import RoleAdmin

LONGEST_SENTENCE = 2000


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
        fields = ("name", "description", "is_active", "is_outside", "examples")


@admin.register(Intent)
class IntentAdmin(RoleAdmin):
    """Intents, with how often each was met in the last thirty days."""

    resource = "intents"
    form = IntentForm
    list_before_template = "analysis/admin/intents.html"
    list_display = ("name", "description", "how_many", "is_outside", "is_active", "updated_at")
    list_filter = ("is_active", "is_outside")
    search_fields = ("name", "description")
    ordering = ("name",)

    def save_model(self, request: HttpRequest, obj: Intent, form: Any, change: bool) -> None:  # noqa: FBT001
        """Store the intent and have it learnt."""
        save_intent(obj, form.cleaned_data, by=request.user)  # type: ignore[arg-type]

    def delete_model(self, request: HttpRequest, obj: Intent) -> None:
        """Delete the intent and have the others learnt."""
        delete_intent(obj, by=request.user)  # type: ignore[arg-type]

    def delete_queryset(self, request: HttpRequest, queryset: "QuerySet[Intent]") -> None:
        """Delete several."""
        for intent in queryset:
            self.delete_model(request, intent)

    def log_addition(self, request: HttpRequest, obj: Any, message: Any) -> None:
        """Say nothing more: the service has written it to the audit log."""

    def log_change(self, request: HttpRequest, obj: Any, message: Any) -> None:
        """Say nothing more: the service has written it to the audit log."""

    def log_deletions(self, request: HttpRequest, queryset: "QuerySet[Any]") -> None:
        """Say nothing more: the service has written it to the audit log."""

    @display(description=_("examples"))
    def how_many(self, intent: Intent) -> int:
        """Return how many examples there are."""
        return len(intent.examples)

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Show the chart and the list."""
        chart = intents_context() if self.has_view_permission(request) else {}
        shown: HttpResponse = super().changelist_view(request, {**(extra_context or {}), **chart})
        return shown

    def get_urls(self) -> list[Any]:
        """Add the page on which a sentence is tried."""
        own = path("try/", self.admin_site.admin_view(self.try_view), name="analysis_intent_try")
        return [own, *super().get_urls()]

    def try_view(self, request: HttpRequest) -> HttpResponse:
        """Tell what the classifier takes a sentence for."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        text = request.POST.get("text", "")[:LONGEST_SENTENCE].strip()
        context = {
            **self.admin_site.each_context(request),
            "title": _("Try a sentence"),
            "opts": self.opts,
            "text": text,
            "classifier": classifier_in_use(),
            "guessed": guess_intent(text) if text else None,
        }
        return TemplateResponse(request, "analysis/admin/try.html", context)
