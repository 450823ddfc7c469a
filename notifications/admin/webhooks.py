"""Webhooks: endpoints made and mended here, and the ledger of what was delivered."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget

from notifications.models import ALL_EVENTS, DeliveryStatus, WebhookDelivery, WebhookEndpoint
from notifications.services import webhooks
from tenants.admin_base import ReadOnly, RoleAdmin
from tenants.admin_filters import recent_values
from tenants.models import Role, User

CHOICES = [(ALL_EVENTS, _("everything (*)")), *[(name, name) for name in webhooks.EVENT_TYPES]]
REPLAYED = timedelta(hours=24)


def _person(request: HttpRequest) -> User | None:
    return request.user if isinstance(request.user, User) else None


class EndpointForm(forms.ModelForm):  # type: ignore[type-arg]
    """An endpoint with types of events to tick."""

    events = forms.MultipleChoiceField(
        label=_("Events"), choices=CHOICES, widget=UnfoldAdminCheckboxSelectMultipleWidget
    )

    class Meta:
        model = WebhookEndpoint
        fields = ("url", "description", "events", "is_active")

    def clean_url(self) -> str:
        """Refuse an address that could never be called."""
        url: str = self.cleaned_data["url"]
        webhooks.check_address(url)
        return url

    def clean(self) -> dict[str, Any] | None:
        """Refuse one endpoint too many."""
        if self.instance._state.adding and WebhookEndpoint.objects.count() >= webhooks.MOST_ENDPOINTS:
            raise ValidationError(gettext("There are %(most)d endpoints already.") % {"most": webhooks.MOST_ENDPOINTS})
        return super().clean()


@admin.register(WebhookEndpoint)
class WebhookEndpointAdmin(RoleAdmin):
    """The tenant's endpoints; a secret is shown when it is made, and never again."""

    resource = "webhooks"
    least_to_read = Role.ADMIN
    form = EndpointForm
    list_display = ("url", "state", "shown_events", "failures", "failing_since", "created_at")
    list_filter = ("is_active",)
    search_fields = ("url", "description")
    ordering = ("-created_at",)
    actions = ("send_trial", "replace_secret", "switch_on", "replay_a_day")

    @display(description=_("status"), label={"on": "success", "failing": "warning", "off": "danger"})
    def state(self, endpoint: WebhookEndpoint) -> tuple[str, str]:
        """Return whether it gets what it waits for, coloured."""
        if not endpoint.is_active:
            return "off", endpoint.get_disabled_reason_display() or gettext("switched off")
        return ("failing", gettext("fails")) if endpoint.failing_since else ("on", gettext("active"))

    @display(description=_("events"))
    def shown_events(self, endpoint: WebhookEndpoint) -> str:
        """Return the types in a line."""
        return ", ".join(endpoint.events)

    def get_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        """Ask for what makes an endpoint; show more about one that there is."""
        asked = ["url", "description", "events"]
        return [*asked, "is_active", *self.get_readonly_fields(request, obj)] if obj else asked

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        """Show how an endpoint does."""
        shown = ["disabled_reason", "disabled_at", "failing_since", "failures", "blocked_until"]
        return [*shown, "previous_secret_until", "user", "created_at"] if obj else []

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: Any) -> None:
        """Store it by the service, which makes the secret, ends a pause, and leaves the trace."""
        given = {name: form.cleaned_data[name] for name in form.changed_data}
        if change:
            webhooks.change_endpoint(WebhookEndpoint.objects.get(pk=obj.pk), by=_person(request), **given)
            return
        made, secret = webhooks.create_endpoint(**given, by=_person(request))
        obj.__dict__.update(made.__dict__)
        obj.new_secret = secret

    def response_add(self, request: HttpRequest, obj: Any, post_url_continue: str | None = None) -> HttpResponse:
        """Show the new secret, this once."""
        return self._show_secret(request, obj, obj.new_secret)

    def get_deleted_objects(self, objs: Sequence[Any], request: HttpRequest) -> Any:
        """Name the endpoints alone: their deliveries go with them."""
        return [str(obj) for obj in objs], {self.opts.verbose_name_plural: len(objs)}, set(), []

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        """Delete one with its deliveries."""
        webhooks.delete_endpoint(obj, by=_person(request))

    def delete_queryset(self, request: HttpRequest, queryset: "QuerySet[Any]") -> None:
        """Delete several."""
        for endpoint in queryset:
            webhooks.delete_endpoint(endpoint, by=_person(request))

    @admin.action(description=_("Send a trial"), permissions=["change"])
    def send_trial(self, request: HttpRequest, queryset: "QuerySet[WebhookEndpoint]") -> None:
        """Send each a trial."""
        for endpoint in queryset:
            webhooks.try_endpoint(endpoint, by=_person(request))
        messages.success(request, gettext("The trial is on its way; see the deliveries for what comes of it."))

    @admin.action(description=_("Replace the secret"), permissions=["change"])
    def replace_secret(self, request: HttpRequest, queryset: "QuerySet[WebhookEndpoint]") -> HttpResponse | None:
        """Give one endpoint a new secret and show it, this once."""
        endpoint = queryset.first()
        if endpoint is None or queryset.count() != 1:
            messages.error(request, gettext("Choose one endpoint: its new secret is shown once."))
            return None
        return self._show_secret(request, endpoint, webhooks.rotate_secret(endpoint, by=_person(request)))

    @admin.action(description=_("Switch on, and send what waits"), permissions=["change"])
    def switch_on(self, request: HttpRequest, queryset: "QuerySet[WebhookEndpoint]") -> None:
        """End pauses."""
        for endpoint in queryset:
            webhooks.change_endpoint(endpoint, by=_person(request), is_active=True)

    @admin.action(description=_("Send again what failed in the last 24 hours"), permissions=["change"])
    def replay_a_day(self, request: HttpRequest, queryset: "QuerySet[WebhookEndpoint]") -> None:
        """Send what failed or was never sent since yesterday."""
        since = datetime.now(tz=UTC) - REPLAYED
        replays = [webhooks.replay(row, since=since, delivered=False, by=_person(request)) for row in queryset]
        _tell_how_many(request, sum(replay.count for replay in replays))

    def _show_secret(self, request: HttpRequest, endpoint: WebhookEndpoint, secret: str) -> HttpResponse:
        context = {
            **self.admin_site.each_context(request),
            "title": gettext("The endpoint's secret"),
            "opts": self.opts,
            "endpoint": endpoint,
            "secret": secret,
        }
        response = TemplateResponse(request, "notifications/admin/new_secret.html", context)
        response["Cache-Control"] = "no-store"
        return response


@admin.register(WebhookDelivery)
class WebhookDeliveryAdmin(ReadOnly, RoleAdmin):
    """What was delivered, what waits and what was given up, with the endpoints' answers."""

    resource = "webhooks"
    least_to_read = Role.ADMIN
    list_display = (
        "event_type", "endpoint", "state", "attempts", "response_status", "error", "next_attempt_at", "created_at",
    )  # fmt: skip
    list_filter = ("status", recent_values("event_type", _("type")), "endpoint")
    list_select_related = ("endpoint",)
    ordering = ("-created_at",)
    actions = ("send_again",)
    exclude = ("event",)

    @display(
        description=_("status"),
        ordering="status",
        label={
            DeliveryStatus.PENDING: "info",
            DeliveryStatus.DELIVERED: "success",
            DeliveryStatus.FAILED: "danger",
        },
    )
    def state(self, delivery: WebhookDelivery) -> tuple[str, str]:
        """Return the status, coloured."""
        return delivery.status, delivery.get_status_display()

    def has_resend_permission(self, request: HttpRequest) -> bool:
        """Tell whether the person may send deliveries again."""
        return self.may_write(request)

    @admin.action(description=_("Send again"), permissions=["resend"])
    def send_again(self, request: HttpRequest, queryset: "QuerySet[WebhookDelivery]") -> None:
        """Send each again, under the id that it always had."""
        chosen = list(queryset.select_related("endpoint"))
        for delivery in chosen:
            webhooks.redeliver(delivery, by=_person(request))
        _tell_how_many(request, len(chosen))


def _tell_how_many(request: HttpRequest, count: int) -> None:
    said = ngettext("%(count)d delivery is on its way.", "%(count)d deliveries are on their way.", count)
    messages.success(request, said % {"count": count})
