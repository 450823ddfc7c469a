"""Switching an endpoint off and on, by itself or by a person, always with a trace."""

from datetime import UTC, datetime

from audit.services import AuditService
from notifications.models import DisabledReason, WebhookEndpoint
from notifications.services.requeueing import requeue_waiting
from tenants.models import User


def close_endpoint(endpoint: WebhookEndpoint, reason: DisabledReason, *, by: User | None = None) -> None:
    """Send an endpoint nothing more, in the caller's transaction; what it does of itself is told to people."""
    endpoint.is_active, endpoint.disabled_reason = False, reason
    endpoint.disabled_at = datetime.now(tz=UTC)
    endpoint.save(update_fields=["is_active", "disabled_reason", "disabled_at", "updated_at"])
    _log("webhook_closed", endpoint, by)


def open_endpoint(endpoint: WebhookEndpoint, *, by: User | None) -> int:
    """Let deliveries go out again, those that waited at once; return how many these are."""
    endpoint.is_active, endpoint.disabled_reason, endpoint.disabled_at = True, "", None
    endpoint.failing_since, endpoint.failures, endpoint.blocked_until = None, 0, None
    endpoint.save()
    _log("webhook_opened", endpoint, by)
    return requeue_waiting(endpoint)


def _log(action: str, endpoint: WebhookEndpoint, by: User | None) -> None:
    details = {"reason": endpoint.disabled_reason}
    AuditService.log_event(action, by, endpoint.tenant_id, "webhookendpoint", str(endpoint.pk), details)
