"""Agents of the tenant, and the models of the installation."""

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import Model, URLField
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from unfold.admin import TabularInline
from unfold.decorators import display
from unfold.widgets import UnfoldAdminSelectMultipleWidget

from agents.models import AgentKnowledgeBase, AgentModel, AIModel, KnowledgeBase, ModelVersion
from agents.services.agents import save_agent
from tenants.admin_base import OperatorAdmin, RoleAdmin
from tenants.models import User


class AgentForm(forms.ModelForm):  # type: ignore[type-arg]
    """An agent with the bases that it answers from."""

    bases = forms.ModelMultipleChoiceField(
        label=_("Knowledge bases"),
        queryset=KnowledgeBase._base_manager.none(),
        required=False,
        widget=UnfoldAdminSelectMultipleWidget,
        help_text=_("Where the agent looks for answers. Without any it says that it does not know."),
    )

    class Meta:
        model = AgentModel
        exclude = ("knowledge_bases",)  # noqa: DJ006 - the admin's fieldsets name the fields

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Offer the tenant's bases, and choose those that the agent has."""
        super().__init__(*args, **kwargs)
        if (bases := self.fields.get("bases")) is not None:
            bases.queryset = KnowledgeBase.objects.all()  # type: ignore[attr-defined]
            if not self.instance._state.adding:
                links = AgentKnowledgeBase.objects.filter(agent=self.instance)
                bases.initial = list(links.values_list("knowledge_base_id", flat=True))


@admin.register(AgentModel)
class AgentAdmin(RoleAdmin):
    """Who answers. An agent that conversations name is switched off, not deleted."""

    resource = "agents"
    form = AgentForm
    list_display = ("name", "slug", "language", "tone", "model_name", "is_default", "is_active")
    list_filter = ("is_active", "language")
    list_select_related = ("ai_model",)
    search_fields = ("name", "slug", "description")
    ordering = ("name",)
    readonly_fields = ("created_at", "updated_at")
    fieldsets = (
        (None, {"fields": ("name", "slug", "description", "is_active", "is_default")}),
        (_("How it speaks"), {"fields": ("greeting", "language", "tone", "system_prompt")}),
        (_("What it knows"), {"fields": ("bases",)}),
        (_("Model"), {"fields": ("ai_model", "fallback_model", "temperature", "max_tokens")}),
        (_("Dates"), {"fields": ("created_at", "updated_at"), "classes": ["collapse"]}),
    )

    @display(description=_("model"))
    def model_name(self, agent: AgentModel) -> str:
        """Return the model's name."""
        return str(agent.ai_model or "–")

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: Any) -> None:
        """Store it by the service, which also writes the audit log."""
        fields = {name: form.cleaned_data[name] for name in form.changed_data if name != "bases"}
        bases = form.cleaned_data.get("bases")
        actor = request.user if isinstance(request.user, User) else None
        save_agent(obj, fields, base_ids=None if bases is None else [base.pk for base in bases], actor=actor)

    def log_addition(self, request: HttpRequest, obj: Model, message: Any) -> None:
        """The service has written it."""

    def log_change(self, request: HttpRequest, obj: Model, message: Any) -> None:
        """The service has written it."""


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
    formfield_overrides = {URLField: {"assume_scheme": "https"}}
    fieldsets = (
        (None, {"fields": ("name", "provider", "model_type", "version", "base_url", "is_active")}),
        (_("Limits"), {"fields": ("max_tokens", "temperature", "context_window")}),
        (_("Prices"), {"fields": ("input_price", "output_price")}),
    )

    def get_inlines(self, request: HttpRequest, obj: Any) -> tuple[Any, ...]:
        """Show the versions of a model that there is."""
        return self.inlines if obj else ()
