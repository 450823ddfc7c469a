"""The sweeper: rings again for work that waits, and works it off itself while the broker is away (decision 6)."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

import structlog
from django.db import InterfaceError, OperationalError, connections
from kombu.exceptions import OperationalError as BrokerError

from tenants.request_ids import in_request
from tenants.scope import OPERATIONS, tenant_scope
from tenants.services.ringing import GRACE, LONGEST_SLEEP, seconds_to_next, take_due
from tenants.services.schedules import plant_due
from tenants.services.waking import listen, sleep
from tenants.services.work import COLUMNS, LEASE, MAX_LOST_LEASES, WORK_KINDS, Lease, LeaseLostError, give_up

ADVISORY_LOCK = 7_238_451
KEEP_DONE = "interval '7 days'"
CLEAN_EVERY_SECONDS = 600.0
logger = structlog.get_logger(__name__)

EXHAUSTED = f"""
UPDATE tenants_workitem SET lease_token = gen_random_uuid(), lease_until = now() + {LEASE}, state = 'leased'
WHERE id = %s AND state = 'leased' AND lease_until < now() RETURNING {COLUMNS}
"""
CLEAN = f"""
DELETE FROM tenants_workitem WHERE id IN (SELECT id FROM tenants_workitem
WHERE state = 'done' AND finished_at < now() - {KEEP_DONE} ORDER BY finished_at LIMIT 1000)
"""


@dataclass(frozen=True)
class Swept:
    """What one round did."""

    rung: int = 0
    worked: int = 0
    given_up: int = 0


def sweep_once(*, grace_seconds: float = GRACE, anew: bool = False) -> Swept:
    """Ring for every row that is due (see ringing.py); `anew`: rings may have been lost just now."""
    due = take_due(grace_seconds=grace_seconds, anew=anew)
    rung = worked = given_up = 0
    for kind, tenant_id, ref_id, lost_leases, item_id, request_id in due:
        if lost_leases >= MAX_LOST_LEASES:
            given_up += _give_up_exhausted(item_id)
            continue
        with in_request(request_id):
            outcome = _ring_or_run(kind, tenant_id, ref_id)
        rung, worked = rung + (outcome == "rung"), worked + (outcome == "worked")
    return Swept(rung, worked, given_up)


def _ring_or_run(kind: str, tenant_id: UUID, ref_id: str) -> str:
    with tenant_scope(tenant_id):
        try:
            WORK_KINDS[kind].ring(ref_id)
        except BrokerError as error:
            logger.warning("broker_away_working_here", kind=kind, error=str(error))
            WORK_KINDS[kind].run(ref_id)
            return "worked"
    return "rung"


def _give_up_exhausted(item_id: int) -> int:
    with connections[OPERATIONS].cursor() as cursor:
        cursor.execute(EXHAUSTED, [item_id])
        row = cursor.fetchone()
    if row is None:
        return 0
    lease = Lease(*row)
    with tenant_scope(lease.tenant_id):
        try:
            give_up(lease, f"{lease.lost_leases} processes died while they worked on it.")
        except LeaseLostError:
            return 0
    return 1


def remove_done() -> int:
    """Remove one batch of rows that were done more than seven days ago; return how many."""
    with connections[OPERATIONS].cursor() as cursor:
        cursor.execute(CLEAN)
        return int(cursor.rowcount)


def sweep_forever(*, stopped: threading.Event, beat: Callable[[Swept], None]) -> None:
    """Sweep until stopped; one sweeper at a time holds the advisory lock, others wait for it.

    A database that is away is waited for; everything else ends the process, and the supervisor starts it anew.
    """
    cleaned_at, anew = 0.0, True
    while not stopped.is_set():
        try:
            if not _hold_lock():
                anew = True
                stopped.wait(LONGEST_SLEEP)
                continue
            plant_due()
            beat(sweep_once(anew=anew))
            if time.monotonic() - cleaned_at > CLEAN_EVERY_SECONDS:
                cleaned_at = time.monotonic()
                remove_done()
            anew = sleep(seconds_to_next(), stopped)
        except (OperationalError, InterfaceError) as error:
            logger.warning("database_away", error=str(error))
            connections.close_all()
            anew = True
            stopped.wait(LONGEST_SLEEP / 4)


def _hold_lock() -> bool:
    """Take the session's advisory lock and begin to listen, or see that this session holds it already."""
    with connections[OPERATIONS].cursor() as cursor:
        cursor.execute(
            "SELECT count(*) > 0 FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid()"
            " AND classid = 0 AND objid = %s",
            [ADVISORY_LOCK],
        )
        if cursor.fetchone()[0]:
            return True
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [ADVISORY_LOCK])
        is_taken = bool(cursor.fetchone()[0])
    if is_taken:
        listen()
    return is_taken
