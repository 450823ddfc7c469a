"""Switching an endpoint off and on, by itself or by a person, always with a trace."""

from datetime import UTC, datetime
from typing import Final

import httpx2
from django.utils.translation import gettext_noop

from audit.services import AuditService
from notifications.models import DisabledReason, NotificationType, WebhookEndpoint
from notifications.services.notifying import RUNNING, Notice, members, tell, tell_rooms
from notifications.services.requeueing import requeue_waiting
from tenants.models import User

CLOSED_ITSELF: Final = {
    DisabledReason.FAILING: gettext_noop("The webhook to %(host)s was paused: for days every delivery has failed."),
    DisabledReason.GONE: gettext_noop("The webhook to %(host)s was switched off: the address says that it is gone."),
}


def close_endpoint(endpoint: WebhookEndpoint, reason: DisabledReason, *, by: User | None = None) -> None:
    """Send an endpoint nothing more, in the caller's transaction; what it does of itself is told to people."""
    endpoint.is_active, endpoint.disabled_reason = False, reason
    endpoint.disabled_at = datetime.now(tz=UTC)
    endpoint.save(update_fields=["is_active", "disabled_reason", "disabled_at", "updated_at"])
    _log("webhook_closed", endpoint, by)
    if reason in CLOSED_ITSELF:
        _tell(endpoint, reason)


def open_endpoint(endpoint: WebhookEndpoint, *, by: User | None) -> int:
    """Let deliveries go out again, those that waited at once; return how many these are."""
    endpoint.is_active, endpoint.disabled_reason, endpoint.disabled_at = True, "", None
    endpoint.failing_since, endpoint.failures, endpoint.blocked_until = None, 0, None
    endpoint.save()
    _log("webhook_opened", endpoint, by)
    return requeue_waiting(endpoint)


def _tell(endpoint: WebhookEndpoint, reason: DisabledReason) -> None:
    """Tell those who run the tenant, once for each pause; of the address the host alone, for a path may be a secret."""
    notice = Notice(
        notification_type=NotificationType.WEBHOOK_PAUSED,
        message=CLOSED_ITSELF[reason],
        params={"host": httpx2.URL(endpoint.url).host},
        data={"webhook_id": str(endpoint.pk), "reason": reason.value},
        dedupe_key=f"webhook:{endpoint.pk}:{endpoint.disabled_at:%Y%m%dT%H%M%S}",
    )
    tell(members(RUNNING), notice)
    tell_rooms(notice)


def _log(action: str, endpoint: WebhookEndpoint, by: User | None) -> None:
    details = {"reason": endpoint.disabled_reason}
    AuditService.log_event(action, by, endpoint.tenant_id, "webhookendpoint", str(endpoint.pk), details)
