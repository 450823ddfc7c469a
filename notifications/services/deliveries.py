"""Delivering events to endpoints: at least once, with ids that stay, and no endpoint waiting for another.

A delivery has a work row of its own. Its task takes the row, hands the call to the loop (services/sending.py) and ends;
the lease is kept while the call is under way, and what came of it is written with the row's next time in one
transaction. After a failure the same row waits by the long schedule of services/backoff.py.
"""

import asyncio
import random
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final
from uuid import UUID

import structlog
from django.db import InterfaceError, OperationalError, close_old_connections, connection, transaction

from notifications.models import DeliveryStatus, WebhookDelivery, WebhookEndpoint
from notifications.services import sending
from notifications.services.backoff import FAILURES_BEFORE_REST
from notifications.services.bodies import body, body_of
from notifications.services.endpoint_secrets import signing_secrets
from notifications.services.outcomes import Attempt, record
from notifications.services.requeueing import TRIAL
from notifications.services.signing import signature_headers
from tenants.models import TenantModel
from tenants.scope import current_tenant_id, tenant_scope
from tenants.services.leases import keeper
from tenants.services.work import Lease, LeaseLostError, claim, fail, finish, put_off

KIND: Final = "delivery"
WAIT_FOR_A_SLOT: Final = (60.0, 600.0)
WAIT_FOR_ANY_SLOT: Final = (1.0, 3.0)
RECORD_PAUSES: Final = (0.2, 0.5, 1.0, 2.0, 4.0)
# Two: results are short transactions, and each thread has a database connection of its own.
_recorders: Final = ThreadPoolExecutor(max_workers=2, thread_name_prefix="webhook-results")
logger = structlog.get_logger(__name__)

# What another worker has taken meanwhile is passed over: two of them would wait for each other in circles.
NEXT: Final = """
UPDATE tenants_workitem SET run_after = least(run_after, now())
WHERE id IN (
    SELECT id FROM tenants_workitem WHERE state = 'ready' AND dedupe_key IN (
        SELECT 'delivery:' || d.id FROM notifications_webhookdelivery AS d
        JOIN notifications_webhookendpoint AS e ON e.tenant_id = d.tenant_id AND e.id = d.endpoint_id
        WHERE d.tenant_id = %s AND d.endpoint_id = %s AND d.status = 'pending' AND d.next_attempt_at <= now()
            AND e.is_active AND (e.blocked_until IS NULL OR e.blocked_until <= now())
        ORDER BY d.next_attempt_at, d.id LIMIT %s)
    FOR UPDATE SKIP LOCKED)
RETURNING ref_id
"""


@dataclass(frozen=True)
class Call:
    """One attempt, ready to be made."""

    lease: Lease
    endpoint_id: UUID
    url: str
    body: str
    headers: dict[str, str]


def dedupe_key(delivery_id: object) -> str:
    """Return the key of a delivery's work row."""
    return f"{KIND}:{delivery_id}"


def message_id(delivery_id: UUID) -> str:
    """Return a delivery's `webhook-id`: the same at every attempt, so that receivers can tell a repetition."""
    return f"msg_{delivery_id.hex}"


def deliver(delivery_id: str) -> None:
    """Begin an attempt in the current tenant, when one is due; returns before the endpoint has answered."""
    lease = claim(dedupe_key(delivery_id))
    if lease is None:
        return
    try:
        with transaction.atomic():
            ready = _prepare(lease)
    except LeaseLostError:
        return
    except Exception as error:  # a body that cannot be built, a secret that cannot be opened: tried again, then seen
        logger.exception("delivery_not_prepared", delivery=delivery_id)
        fail(lease, f"{type(error).__name__}: {error}")
        return
    if ready is not None:
        sending.loop.run(attempt(ready))


def _prepare(lease: Lease) -> Call | None:
    """Take a slot and build the call; where nothing is to be sent now, settle the row and return None."""
    delivery = _pending(lease.ref_id)
    if delivery is not None and delivery.event is None and delivery.event_type != TRIAL:
        gave_up(lease, "The event was removed by retention.")
        delivery = None
    if delivery is None or not _is_open(delivery.endpoint_id):
        finish(lease)  # a paused endpoint's deliveries get their rows back when it resumes
        return None
    endpoint = delivery.endpoint
    if resting := _seconds_of_rest(endpoint):
        put_off(lease, resting * random.uniform(1.0, 1.5), "The endpoint rests.")  # noqa: S311 - spreads load
        return None
    most = 1 if endpoint.failures >= FAILURES_BEFORE_REST else sending.MOST_OF_ONE_ENDPOINT
    if not sending.slots.take(endpoint.pk, most):
        busy = WAIT_FOR_A_SLOT if sending.slots.in_flight(endpoint.pk) else WAIT_FOR_ANY_SLOT
        put_off(lease, random.uniform(*busy), "Others are under way.")  # noqa: S311 - spreads load
        return None
    try:
        return _call(lease, delivery)
    except BaseException:
        sending.slots.give_back(endpoint.pk)
        raise


def _pending(delivery_id: str) -> WebhookDelivery | None:
    rows = WebhookDelivery.objects.select_related("endpoint", "event")
    return rows.filter(pk=delivery_id, status=DeliveryStatus.PENDING).first()


def _is_open(endpoint_id: UUID) -> bool:
    """Tell whether an endpoint takes deliveries; a closed one is locked, so that nobody resumes it at this moment."""
    if WebhookEndpoint.objects.filter(pk=endpoint_id, is_active=True).exists():
        return True
    locked = WebhookEndpoint.objects.select_for_update(no_key=True).filter(pk=endpoint_id).first()
    return locked is not None and locked.is_active


def _seconds_of_rest(endpoint: WebhookEndpoint) -> float:
    if endpoint.blocked_until is None:
        return 0.0
    return max((endpoint.blocked_until - datetime.now(tz=UTC)).total_seconds(), 0.0)


def _call(lease: Lease, delivery: WebhookDelivery) -> Call:
    endpoint, tenant = delivery.endpoint, TenantModel.objects.get(pk=lease.tenant_id)
    if delivery.event is not None:
        text = body_of(delivery.event, tenant_name=tenant.name)
    else:
        data = {"endpoint": str(endpoint.pk)}
        text = body(delivery.event_type, at=delivery.created_at.isoformat(), tenant_name=tenant.name, data=data)
    headers = signature_headers(
        message_id=message_id(delivery.pk),
        at=datetime.now(tz=UTC),
        body=text,
        signed_by=signing_secrets(endpoint),
    )
    return Call(lease, endpoint.pk, endpoint.url, text, {"Content-Type": "application/json", **headers})


async def attempt(call: Call) -> None:
    """Make a call and have its outcome written; the row's lease is kept meanwhile."""
    with keeper.hold(call.lease):
        outcome = await sending.call(call.url, body=call.body, headers=call.headers)
        await asyncio.get_running_loop().run_in_executor(_recorders, settle, call, outcome)


def settle(call: Call, outcome: sending.Outcome) -> None:
    """Write what came of a call, then go on with what else waits for the same endpoint; in a thread of its own."""
    with tenant_scope(call.lease.tenant_id):
        try:
            _record_if_possible(call, outcome)
        finally:
            sending.slots.give_back(call.endpoint_id)
        close_old_connections()
        go_on(call.endpoint_id)
        close_old_connections()


def _record_if_possible(call: Call, outcome: sending.Outcome) -> None:
    """Write an outcome; while the database is away for a moment the lease runs on, so the call is not made again."""
    for pause in RECORD_PAUSES:
        close_old_connections()
        try:
            with transaction.atomic():
                record(Attempt(call.lease, call.endpoint_id), outcome)
        except LeaseLostError:
            logger.info("delivery_taken_over", delivery=call.lease.ref_id)
        except (OperationalError, InterfaceError) as error:
            logger.warning("outcome_not_written", delivery=call.lease.ref_id, error=str(error))
            time.sleep(pause)
            continue
        return


def go_on(endpoint_id: UUID) -> None:
    """Begin what waits for an endpoint, as far as there are slots for it: a backlog needs no ring for each delivery."""
    if sending.slots.in_flight(endpoint_id) >= sending.MOST_OF_ONE_ENDPOINT:
        return
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(NEXT, [current_tenant_id(), endpoint_id, 2 * sending.MOST_OF_ONE_ENDPOINT])
        waiting = [ref_id for (ref_id,) in cursor.fetchall()]
    for ref_id in waiting[: sending.MOST_OF_ONE_ENDPOINT - sending.slots.in_flight(endpoint_id)]:
        deliver(ref_id)


def gave_up(lease: Lease, error: str) -> None:
    """Mark a delivery whose work row died; it can be sent again from the administration or by the API."""
    rows = WebhookDelivery.objects.filter(pk=lease.ref_id, status=DeliveryStatus.PENDING)
    rows.update(status=DeliveryStatus.FAILED, error=error[: sending.LONGEST_ERROR])
