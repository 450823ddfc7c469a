"""Giving deliveries their work rows back: after a pause, at a person's wish, for all since a time."""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from django.db import connection
from django.db.models.functions import Now

from notifications.models import DeliveryStatus, WebhookDelivery, WebhookEndpoint
from tenants.commits import call_after_commit
from tenants.services.work import WORK_KINDS

RUNG_AT_ONCE: Final = 10  # the rest follows these, one after another (deliveries.go_on), or the sweeper's ring
MOST_REPLAYED: Final = 10_000
TRIAL: Final = "webhook.test"

REQUEUE: Final = """
INSERT INTO tenants_workitem
    (kind, dedupe_key, tenant_id, ref_id, state, run_after, attempts, lost_leases, last_error)
SELECT 'delivery', 'delivery:' || d.id, d.tenant_id, d.id::text, 'ready', now(), 0, 0, ''
FROM notifications_webhookdelivery AS d
WHERE d.tenant_id = %s AND d.endpoint_id = %s AND d.status = 'pending' AND d.id >= %s AND d.id <= %s
ORDER BY d.id
ON CONFLICT (dedupe_key) DO UPDATE SET state = 'ready', run_after = now(), rung_at = now(), attempts = 0,
    lost_leases = 0, last_error = '', finished_at = NULL
WHERE tenants_workitem.state <> 'leased'
RETURNING ref_id
"""
LEAST, LARGEST = UUID(int=0), UUID(int=2**128 - 1)

# Events of the endpoint's types since a time: those that it never had a delivery for get one, the others wait again.
REPLAY: Final = """
WITH wanted AS (
    SELECT v.id, v.type, v.created_at FROM notifications_event AS v
    LEFT JOIN notifications_webhookdelivery AS d
        ON d.tenant_id = v.tenant_id AND d.event_id = v.id AND d.endpoint_id = %(endpoint)s
    WHERE v.tenant_id = %(tenant)s AND v.created_at >= %(since)s
        AND (%(events)s::jsonb ? '*' OR %(events)s::jsonb ? v.type)
        AND (d.id IS NULL OR d.status = 'failed' OR d.status = 'delivered' AND %(delivered)s)
    ORDER BY v.xid, v.id LIMIT %(most)s
), written AS (
    INSERT INTO notifications_webhookdelivery (tenant_id, endpoint_id, event_id, event_type)
    SELECT %(tenant)s, %(endpoint)s, wanted.id, wanted.type FROM wanted
    ON CONFLICT (tenant_id, event_id, endpoint_id) DO UPDATE SET status = 'pending', next_attempt_at = now()
    RETURNING id
)
SELECT (SELECT count(*) FROM written), (SELECT max(created_at) FROM wanted)
"""


@dataclass(frozen=True)
class Replayed:
    """How many deliveries wait because of a replay, and the time of the last event among them."""

    count: int
    until: datetime | None


def requeue_waiting(endpoint: WebhookEndpoint) -> int:
    """Give every delivery that waits for an endpoint its work row, due now, in the caller's transaction."""
    endpoint.deliveries.filter(status=DeliveryStatus.PENDING).update(next_attempt_at=Now())
    return _requeue(endpoint, LEAST, LARGEST)


def redeliver(delivery: WebhookDelivery) -> None:
    """Send one delivery again, whatever became of it, with the id that it always had."""
    WebhookDelivery.objects.filter(pk=delivery.pk).update(status=DeliveryStatus.PENDING, next_attempt_at=Now())
    if delivery.endpoint.is_active:
        _requeue(delivery.endpoint, delivery.pk, delivery.pk)


def wait_again(delivery_id: str) -> None:
    """Let a delivery wait whose dead work row runs again, in the caller's transaction; one that arrived stays so."""
    rows = WebhookDelivery.objects.filter(pk=delivery_id, status=DeliveryStatus.FAILED)
    rows.update(status=DeliveryStatus.PENDING, next_attempt_at=Now(), error="")


def replay(endpoint: WebhookEndpoint, *, since: datetime, delivered: bool) -> Replayed:
    """Send what happened since a time: what failed or was never sent, and on demand what was delivered, too.

    At most ten thousand at once, the oldest first. While the endpoint is off they wait.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            REPLAY,
            {
                "tenant": endpoint.tenant_id,
                "endpoint": endpoint.pk,
                "since": since,
                "events": json.dumps(endpoint.events),
                "delivered": delivered,
                "most": MOST_REPLAYED,
            },
        )
        replayed = Replayed(*cursor.fetchone())
    if replayed.count and endpoint.is_active:
        _requeue(endpoint, LEAST, LARGEST)
    return replayed


def send_trial(endpoint: WebhookEndpoint) -> WebhookDelivery:
    """Send an event of no meaning, so that somebody can see whether deliveries arrive."""
    trial = WebhookDelivery.objects.create(endpoint=endpoint, event_type=TRIAL)
    _requeue(endpoint, trial.pk, trial.pk)
    return trial


def _requeue(endpoint: WebhookEndpoint, first: UUID, last: UUID) -> int:
    with connection.cursor() as cursor:
        cursor.execute(REQUEUE, [endpoint.tenant_id, endpoint.pk, first, last])
        waiting = [ref_id for (ref_id,) in cursor.fetchall()]
    for ref_id in waiting[:RUNG_AT_ONCE]:
        call_after_commit(WORK_KINDS["delivery"].ring, ref_id)
    return len(waiting)
