"""Writing the feed of events, and with each event the deliveries to those who wait for it."""

import json
from typing import Any, Final

from django.db import connection

from tenants.commits import call_after_commit
from tenants.scope import current_tenant_id
from tenants.services.work import WORK_KINDS

# One statement, because it stands on the way of every message: where no endpoint waits for the event it writes the
# event alone. A paused endpoint's deliveries wait without a work row until it resumes; one that fails is left alone.
WRITE: Final = """
WITH event AS (
    INSERT INTO notifications_event (tenant_id, type, object_type, object_id, data)
    VALUES (%(tenant)s, %(type)s, %(object_type)s, %(object_id)s, %(data)s) RETURNING id
), delivery AS (
    INSERT INTO notifications_webhookdelivery (tenant_id, endpoint_id, event_id, event_type, next_attempt_at)
    SELECT endpoint.tenant_id, endpoint.id, event.id, %(type)s, greatest(now(), endpoint.blocked_until)
    FROM event, notifications_webhookendpoint AS endpoint
    WHERE endpoint.tenant_id = %(tenant)s AND (endpoint.is_active OR endpoint.disabled_reason = 'failing')
        AND (endpoint.events ? '*' OR endpoint.events ? %(type)s)
    RETURNING id, endpoint_id, next_attempt_at
), work AS (
    INSERT INTO tenants_workitem
        (kind, dedupe_key, tenant_id, ref_id, state, run_after, rung_at, attempts, lost_leases, last_error)
    SELECT 'delivery', 'delivery:' || delivery.id, %(tenant)s, delivery.id::text, 'ready', delivery.next_attempt_at,
        delivery.next_attempt_at, 0, 0, ''
    FROM delivery JOIN notifications_webhookendpoint AS endpoint
        ON endpoint.tenant_id = %(tenant)s AND endpoint.id = delivery.endpoint_id
    WHERE endpoint.is_active
    RETURNING ref_id, run_after
)
SELECT ref_id FROM work WHERE run_after <= now()
"""


def record_event(event_type: str, *, object_type: str, object_id: object, data: dict[str, Any] | None = None) -> None:
    """Write one event in the caller's transaction and tenant, and a delivery for each endpoint that waits for it.

    `data` holds ids and states, never a message's text. Deliveries are rung for once the transaction is committed.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            WRITE,
            {
                "tenant": current_tenant_id(),
                "type": event_type,
                "object_type": object_type,
                "object_id": str(object_id),
                "data": json.dumps(data or {}),
            },
        )
        due = [ref_id for (ref_id,) in cursor.fetchall()]
    for ref_id in due:
        call_after_commit(WORK_KINDS["delivery"].ring, ref_id)
