"""What people and programs do with endpoints: each act leaves its trace in the audit log."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any, Final

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from audit.services import AuditService
from notifications.models import ALL_EVENTS, DisabledReason, WebhookDelivery, WebhookEndpoint
from notifications.outgoing import OutgoingRefusedError, check_url
from notifications.services import requeueing
from notifications.services.closing import close_endpoint, open_endpoint
from notifications.services.endpoint_secrets import KEEP_PREVIOUS, give_secret, replace_secret
from notifications.services.requeueing import Replayed
from tenants.models import User

# api.md, "Webhooks out".
EVENT_TYPES: Final = (
    "chat.created", "chat.updated", "chat.completed", "chat.archived", "chat.escalated", "chat.rated",
    "message.created", "message.analyzed", "report.ready",
)  # fmt: skip
MOST_ENDPOINTS: Final = 20
LONGEST_KEEP: Final = timedelta(days=7)


class TooManyEndpointsError(ValueError):
    """A tenant has as many endpoints as it may."""


def check_address(url: str) -> None:
    """Raise ValidationError, in words for who typed it, when a URL could never be called."""
    try:
        check_url(url)
    except OutgoingRefusedError as error:
        raise ValidationError(str(error), code="invalid") from error


def check_events(events: Sequence[str]) -> None:
    """Raise ValidationError for types of events that there are not."""
    if not events:
        raise ValidationError(_("Name at least one type of event, or “*” for all."), code="required")
    for name in events:
        if name != ALL_EVENTS and name not in EVENT_TYPES:
            raise ValidationError(_("“%(name)s” is not a type of event.") % {"name": name}, code="invalid")


def create_endpoint(
    *, url: str, events: Sequence[str], description: str = "", by: User | None
) -> tuple[WebhookEndpoint, str]:
    """Store an endpoint in the current tenant and return it with its secret, which nobody sees again.

    Raises ValidationError for an address that may not be called, TooManyEndpointsError past twenty.
    """
    check_address(url)
    check_events(events)
    with transaction.atomic():
        if WebhookEndpoint.objects.count() >= MOST_ENDPOINTS:
            raise TooManyEndpointsError(_("There are %(most)d endpoints already.") % {"most": MOST_ENDPOINTS})
        endpoint = WebhookEndpoint.objects.create(url=url, events=list(events), description=description, user=by)
        secret = give_secret(endpoint)
        endpoint.save(update_fields=["secret"])
        _log("webhook_created", endpoint, by)
    return endpoint, secret


def change_endpoint(endpoint: WebhookEndpoint, *, by: User | None, **changes: Any) -> WebhookEndpoint:
    """Change `url`, `events`, `description` or `is_active`; switching on also ends a pause."""
    is_active = changes.pop("is_active", endpoint.is_active)
    if "url" in changes:
        check_address(changes["url"])
    if "events" in changes:
        check_events(changes["events"])
    with transaction.atomic():
        if changes:
            for name, value in changes.items():
                setattr(endpoint, name, value)
            endpoint.save(update_fields=[*changes, "updated_at"])
            _log("webhook_changed", endpoint, by, changed=sorted(changes))
        if is_active and not endpoint.is_active:
            open_endpoint(endpoint, by=by)
        elif endpoint.is_active and not is_active:
            close_endpoint(endpoint, DisabledReason.PERSON, by=by)
    return endpoint


def delete_endpoint(endpoint: WebhookEndpoint, *, by: User | None) -> None:
    """Delete an endpoint with its deliveries; what is under way at this moment may still arrive."""
    with transaction.atomic():
        _log("webhook_deleted", endpoint, by)
        endpoint.delete()


def rotate_secret(endpoint: WebhookEndpoint, *, by: User | None, keep_previous: timedelta = KEEP_PREVIOUS) -> str:
    """Give an endpoint a new secret and return it; for a time everything is signed by both, the old one included."""
    with transaction.atomic():
        secret = replace_secret(endpoint, keep_previous=min(keep_previous, LONGEST_KEEP))
        endpoint.save(update_fields=["secret", "previous_secret", "previous_secret_until", "updated_at"])
        _log("webhook_secret_rotated", endpoint, by, hours=keep_previous.total_seconds() / 3600)
    return secret


def try_endpoint(endpoint: WebhookEndpoint, *, by: User | None) -> WebhookDelivery:
    """Send a trial (`webhook.test`) and return its delivery, in which its fate will stand."""
    with transaction.atomic():
        _log("webhook_tried", endpoint, by)
        return requeueing.send_trial(endpoint)


def redeliver(delivery: WebhookDelivery, *, by: User | None) -> None:
    """Send one delivery again."""
    with transaction.atomic():
        _log("webhook_redelivered", delivery.endpoint, by, delivery=str(delivery.pk))
        requeueing.redeliver(delivery)


def replay(endpoint: WebhookEndpoint, *, since: Any, delivered: bool, by: User | None) -> Replayed:
    """Send what happened since a time (see requeueing.replay)."""
    with transaction.atomic():
        replayed = requeueing.replay(endpoint, since=since, delivered=delivered)
        _log("webhook_replayed", endpoint, by, since=since.isoformat(), count=replayed.count)
    return replayed


def _log(action: str, endpoint: WebhookEndpoint, by: User | None, **details: Any) -> None:
    AuditService.log_event(action, by, endpoint.tenant_id, "webhookendpoint", str(endpoint.pk), details)
