"""What comes of an attempt: for the delivery, for its work row, and for the endpoint, in one transaction."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import UUID

from django.conf import settings
from django.db import connection
from django.db.models import F
from django.db.models.functions import Now

from metrics.services import MetricsService
from notifications.models import DeliveryStatus, DisabledReason, WebhookDelivery, WebhookEndpoint
from notifications.services.backoff import GIVE_UP_AFTER, rest_after, wait_after
from notifications.services.closing import close_endpoint
from notifications.services.sending import Outcome
from tenants.commits import call_after_commit
from tenants.services.work import Lease, finish, put_off

# So short a time of failures is no outage: what failed in it keeps its own schedule.
SHORTEST_OUTAGE: Final = "interval '1 minute'"
MOST_PULLED: Final = 5_000

# RETURNING OLD: how long it had failed is known only before the change.
RECOVERED: Final = f"""
UPDATE notifications_webhookendpoint SET failing_since = NULL, failures = 0, blocked_until = NULL
WHERE tenant_id = %s AND id = %s AND failing_since IS NOT NULL
RETURNING OLD.failing_since < now() - {SHORTEST_OUTAGE}
"""
PULL: Final = f"""
UPDATE notifications_webhookdelivery SET next_attempt_at = now() WHERE id IN (
    SELECT id FROM notifications_webhookdelivery
    WHERE tenant_id = %s AND endpoint_id = %s AND status = 'pending' AND next_attempt_at > now()
    ORDER BY next_attempt_at LIMIT {MOST_PULLED})
"""


@dataclass(frozen=True)
class Attempt:
    """Which delivery to which endpoint, under which lease."""

    lease: Lease
    endpoint_id: UUID


def record(attempt: Attempt, outcome: Outcome) -> None:
    """Write what came of an attempt, in the caller's transaction and the lease's tenant.

    Raises LeaseLostError when another process has taken the delivery over: nothing is written then.
    """
    if outcome.was_taken:
        kind = "delivered"
        _taken(attempt, outcome)
    elif outcome.is_gone:
        kind = "gone"
        _gone(attempt, outcome)
    else:
        kind = _failed(attempt, outcome)
    call_after_commit(_count, kind, outcome.duration_ms / 1000)


def _count(kind: str, seconds: float) -> None:
    MetricsService.increment_counter("webhook_deliveries", {"outcome": kind})
    MetricsService.observe_histogram("webhook_seconds", seconds)


def _write(attempt: Attempt, outcome: Outcome, **changes: Any) -> None:
    WebhookDelivery.objects.filter(pk=attempt.lease.ref_id).update(
        attempts=F("attempts") + 1,
        last_attempt_at=Now(),
        response_status=outcome.status,
        response_excerpt=outcome.excerpt,
        error=outcome.error,
        duration_ms=outcome.duration_ms,
        **changes,
    )


def _taken(attempt: Attempt, outcome: Outcome) -> None:
    _write(attempt, outcome, status=DeliveryStatus.DELIVERED, delivered_at=Now())
    finish(attempt.lease)
    place = [attempt.lease.tenant_id, attempt.endpoint_id]
    with connection.cursor() as cursor:
        cursor.execute(RECOVERED, place)
        recovered = cursor.fetchone()
        if recovered is not None and recovered[0]:
            cursor.execute(PULL, place)  # it is back: what waited because of it waits no longer


def _gone(attempt: Attempt, outcome: Outcome) -> None:
    _write(attempt, outcome, status=DeliveryStatus.FAILED)
    finish(attempt.lease)
    endpoint = _locked(attempt.endpoint_id)
    if endpoint is not None:
        endpoint.deliveries.filter(status=DeliveryStatus.PENDING).update(status=DeliveryStatus.FAILED, error="gone")
        close_endpoint(endpoint, DisabledReason.GONE)


def _failed(attempt: Attempt, outcome: Outcome) -> str:
    endpoint = _locked(attempt.endpoint_id)
    delivery = WebhookDelivery.objects.filter(pk=attempt.lease.ref_id).first()
    if endpoint is None or delivery is None:
        finish(attempt.lease)
        return "failed"
    now = datetime.now(tz=UTC)
    _count_failure(endpoint, outcome, now)
    if now - delivery.created_at > GIVE_UP_AFTER:
        _write(attempt, outcome, status=DeliveryStatus.FAILED)
        finish(attempt.lease)
        return "given_up"
    wait = wait_after(delivery.attempts + 1, outcome.retry_after)
    _write(attempt, outcome, next_attempt_at=now + timedelta(seconds=wait))
    put_off(attempt.lease, wait, outcome.error)
    return "failed"


def _locked(endpoint_id: UUID) -> WebhookEndpoint | None:
    return WebhookEndpoint.objects.select_for_update(no_key=True).filter(pk=endpoint_id).first()


def _count_failure(endpoint: WebhookEndpoint, outcome: Outcome, now: datetime) -> None:
    endpoint.failures += 1
    endpoint.failing_since = endpoint.failing_since or now
    if rest := rest_after(endpoint.failures, outcome.retry_after):
        endpoint.blocked_until = now + timedelta(seconds=rest)
    endpoint.save(update_fields=["failures", "failing_since", "blocked_until"])
    has_only_failed = now - endpoint.failing_since > timedelta(hours=settings.WEBHOOK_PAUSE_AFTER_HOURS)
    if endpoint.is_active and has_only_failed:
        close_endpoint(endpoint, DisabledReason.FAILING)
