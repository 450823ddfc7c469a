"""Endpoints and deliveries on the wire (api.md, `webhooks/`)."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError as BadValueError
from django.utils.translation import gettext as _
from rest_framework import serializers

from notifications.models import DeliveryStatus, WebhookDelivery, WebhookEndpoint
from notifications.services.deliveries import message_id
from notifications.services.webhooks import check_address, check_events

MOST_NAMES = 50


class WebhookSerializer(serializers.ModelSerializer[WebhookEndpoint]):
    """An endpoint without its secret."""

    url = serializers.CharField(max_length=2000)
    events = serializers.ListField(child=serializers.CharField(max_length=40), min_length=1, max_length=MOST_NAMES)

    class Meta:
        model = WebhookEndpoint
        fields = [
            "id", "url", "description", "events", "is_active", "disabled_reason", "disabled_at", "failing_since",
            "failures", "blocked_until", "previous_secret_until", "created_at", "updated_at",
        ]  # fmt: skip
        read_only_fields = [
            "disabled_reason", "disabled_at", "failing_since", "failures", "blocked_until", "previous_secret_until",
            "created_at", "updated_at",
        ]  # fmt: skip

    def validate_url(self, url: str) -> str:
        """Refuse an address that could never be called."""
        _check(check_address, url)
        return url

    def validate_events(self, events: list[str]) -> list[str]:
        """Refuse types of events that there are not."""
        _check(check_events, events)
        return events


def _check(check: Callable[[Any], None], value: Any) -> None:
    try:
        check(value)
    except BadValueError as error:
        raise serializers.ValidationError(error.message, code=error.code) from error


class NewWebhookSerializer(WebhookSerializer):
    """An endpoint with its secret: this once."""

    secret = serializers.CharField(read_only=True)

    class Meta(WebhookSerializer.Meta):
        fields = [*WebhookSerializer.Meta.fields, "secret"]


class RotationSerializer(serializers.Serializer[Any]):
    """How long the secret that is replaced stays valid beside the new one."""

    keep_previous_hours = serializers.IntegerField(min_value=0, max_value=168, required=False, default=24)


class ReplaySerializer(serializers.Serializer[Any]):
    """From when on to send again, and whether also what was delivered."""

    since = serializers.DateTimeField()
    delivered = serializers.BooleanField(required=False, default=False)

    def validate_since(self, since: datetime) -> datetime:
        """Refuse a time of which the events are gone, or that has not come."""
        now = datetime.now(tz=UTC)
        if not now - timedelta(days=settings.EVENT_RETENTION_DAYS) <= since <= now:
            raise serializers.ValidationError(
                _("Events are kept for %(days)d days.") % {"days": settings.EVENT_RETENTION_DAYS}, code="invalid"
            )
        return since


class ReplayedSerializer(serializers.Serializer[Any]):
    """What a replay will send."""

    count = serializers.IntegerField()
    until = serializers.DateTimeField(allow_null=True, help_text="Time of the last event among them.")


class DeliverySerializer(serializers.ModelSerializer[WebhookDelivery]):
    """A delivery and what came of its last attempt."""

    webhook_id = serializers.SerializerMethodField(help_text="The header webhook-id of every attempt.")
    status = serializers.ChoiceField(choices=DeliveryStatus.choices, read_only=True)

    class Meta:
        model = WebhookDelivery
        fields = [
            "id", "webhook_id", "event_type", "status", "attempts", "next_attempt_at", "last_attempt_at",
            "delivered_at", "response_status", "response_excerpt", "error", "duration_ms", "created_at",
        ]  # fmt: skip
        read_only_fields = fields

    def get_webhook_id(self, delivery: WebhookDelivery) -> str:
        """Return the header's value."""
        return message_id(delivery.pk)
