"""Endpoints of other systems, and the ledger of what was delivered to them (api.md, "Webhooks out")."""

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from notifications.models.events import Event
from tenants.fields import TenantForeignKey, UUIDv7Field
from tenants.models import TenantOwned, User

ALL_EVENTS = "*"


class DisabledReason(models.TextChoices):
    """Why nothing is sent to an endpoint."""

    FAILING = "failing", _("only failures for days")
    GONE = "gone", _("the endpoint said that it is gone (410)")
    PERSON = "person", _("switched off")


class DeliveryStatus(models.TextChoices):
    """Where a delivery stands."""

    PENDING = "pending", _("waiting")
    DELIVERED = "delivered", _("delivered")
    FAILED = "failed", _("given up")


class WebhookEndpoint(TenantOwned):
    """An address that is told of events; its secrets are sealed, and shown once when they are made.

    `failures` and `failing_since` are about the time since the last success; until `blocked_until` it is left alone.
    An endpoint that was paused because it only failed still gets its deliveries written: they wait.
    """

    id = UUIDv7Field(primary_key=True)
    user = models.ForeignKey(
        User, verbose_name=_("made by"), null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    url = models.CharField(_("address"), max_length=2000)
    description = models.CharField(_("description"), max_length=200, blank=True, db_default="")
    events = models.JSONField(_("events"), default=list)
    secret = models.TextField(editable=False, db_default="")
    previous_secret = models.TextField(editable=False, db_default="")
    previous_secret_until = models.DateTimeField(_("previous secret valid until"), null=True, editable=False)
    is_active = models.BooleanField(_("active"), default=True)
    disabled_reason = models.CharField(
        _("why it is off"), max_length=10, choices=DisabledReason.choices, blank=True, editable=False, db_default=""
    )
    disabled_at = models.DateTimeField(_("off since"), null=True, editable=False)
    failing_since = models.DateTimeField(_("failing since"), null=True, editable=False)
    failures = models.IntegerField(_("failures in a row"), editable=False, db_default=0)
    blocked_until = models.DateTimeField(_("left alone until"), null=True, editable=False)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    updated_at = models.DateTimeField(_("updated"), auto_now=True)

    class Meta:
        verbose_name = _("webhook endpoint")
        verbose_name_plural = _("webhook endpoints")
        ordering = ["-created_at"]

    def __str__(self) -> str:
        return self.url


class WebhookDelivery(TenantOwned):
    """One event for one endpoint, and what came of the last attempt; ids only, the body is built when it is sent.

    Its id is the `webhook-id`, the same at every attempt. Without an event it is a trial that somebody asked for.
    """

    id = UUIDv7Field(primary_key=True)
    endpoint = TenantForeignKey(
        WebhookEndpoint, verbose_name=_("webhook endpoint"), on_delete=models.CASCADE, related_name="deliveries",
        db_index=False,
    )  # fmt: skip
    event = TenantForeignKey(
        Event, verbose_name=_("event"), null=True, on_delete=models.SET_NULL, related_name="+", db_index=False
    )
    event_type = models.CharField(_("type"), max_length=40)
    status = models.CharField(
        _("status"), max_length=9, choices=DeliveryStatus.choices, db_default=DeliveryStatus.PENDING
    )
    attempts = models.IntegerField(_("attempts"), db_default=0)
    next_attempt_at = models.DateTimeField(_("next attempt"), db_default=Now())
    last_attempt_at = models.DateTimeField(_("last attempt"), null=True)
    delivered_at = models.DateTimeField(_("delivered"), null=True)
    response_status = models.IntegerField(_("answer"), null=True)
    response_excerpt = models.TextField(_("beginning of the answer"), db_default="")
    error = models.CharField(_("error"), max_length=200, db_default="")
    duration_ms = models.IntegerField(_("milliseconds"), null=True)
    created_at = models.DateTimeField(_("created"), db_default=Now())

    class Meta:
        verbose_name = _("webhook delivery")
        verbose_name_plural = _("webhook deliveries")
        constraints = [
            # Begins with what a deleted event is looked up by.
            models.UniqueConstraint(fields=["tenant", "event", "endpoint"], name="one_delivery_per_event_and_endpoint")
        ]
        indexes = [
            models.Index(fields=["tenant", "endpoint", "-created_at"], name="deliveries_of_endpoint"),
            models.Index(
                fields=["endpoint", "next_attempt_at", "id"],
                condition=models.Q(status="pending"),
                name="deliveries_waiting",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.event_type} {self.status}"
