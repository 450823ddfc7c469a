"""Agents of the tenant."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import Model
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action, display
from unfold.widgets import UnfoldAdminSelectMultipleWidget

from agents.models import AgentKnowledgeBase, AgentModel, KnowledgeBase
from agents.services.agents import save_agent
from agents.services.model_use import problems_of
from agents.services.trial import try_agent
from tenants.admin_base import RoleAdmin
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
    actions_detail = ("try_it",)
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

    def render_change_form(self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any) -> HttpResponse:
        """Say above the form what keeps the agent's models from answering."""
        if (agent := kwargs.get("obj")) is not None and request.method == "GET":
            for problem in problems_of(agent):
                messages.warning(request, problem)
        form: HttpResponse = super().render_change_form(request, context, *args, **kwargs)
        return form

    @action(description=_("Try the agent"), url_path="try", icon="play_arrow", permissions=["change"])
    def try_it(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Ask the agent's own model a question and show the answer, or why there is none."""
        agent = self.get_object(request, object_id)
        if agent is None:
            raise Http404
        outcome = try_agent(agent.pk, gettext("Hello! What can you help me with?"))
        tell = messages.success if outcome.is_answer else messages.error
        tell(request, outcome.text)
        return HttpResponseRedirect(reverse("admin:agents_agentmodel_change", args=[object_id]))

    def log_addition(self, request: HttpRequest, obj: Model, message: Any) -> None:
        """The service has written it."""

    def log_change(self, request: HttpRequest, obj: Model, message: Any) -> None:
        """The service has written it."""
