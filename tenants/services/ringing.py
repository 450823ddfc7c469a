"""Which work rows are rung for again, and when (decision 6).

A ring lies in the broker's queue until a worker takes it, and is gone when that worker or the broker dies. A row whose
time has come since its last ring is rung for at once. One that was rung for is rung for again after GRACE seconds where
its ring must have been lost: nothing waits in its queues, a worker has just begun anew, or a lease has run out, which
tells of a death. Otherwise it waits behind a backlog, and is rung for after 2 s, then 4, 8 … 30, so that rings do not
become a backlog of their own.
"""

from typing import Any, Final

from django.db import connections

from tenants.scope import OPERATIONS
from tenants.services.broker import empty_queues
from tenants.services.work import WORK_KINDS

GRACE: Final = 2.0
BATCH: Final = 200
LONGEST_SLEEP: Final = 2.0
LOOK_AGAIN: Final = 0.25  # while there is a row whose time has come
LEAST_SLEEP: Final = 0.02

# Each tenant with work has its share of a batch: who has ten thousand rows waiting does not keep a neighbour's one from
# being seen. The tenants are found by steps from one to the next in the index `work_due_by_tenant`.
# While a turn of a conversation is held, its other turns cannot be claimed; its end rings for the next one.
DUE: Final = f"""
WITH RECURSIVE abandoned AS (
    SELECT id FROM tenants_workitem
    WHERE state = 'leased' AND lease_until < now() AND rung_at <= now()
        - least(greatest(%(grace)s * interval '1 s', rung_at - lease_until), interval '30 s')
    ORDER BY lease_until LIMIT {BATCH} FOR UPDATE SKIP LOCKED
), tenant AS (
    (SELECT tenant_id AS id FROM tenants_workitem WHERE state = 'ready' ORDER BY tenant_id LIMIT 1)
    UNION ALL
    SELECT (SELECT tenant_id FROM tenants_workitem WHERE state = 'ready' AND tenant_id > tenant.id
            ORDER BY tenant_id LIMIT 1)
    FROM tenant WHERE tenant.id IS NOT NULL
), waiting AS (
    SELECT mine.id FROM tenant, LATERAL (
        SELECT id, run_after FROM tenants_workitem AS item
        WHERE item.tenant_id = tenant.id AND state = 'ready' AND run_after <= now()
            AND (rung_at < run_after OR rung_at <= now() - CASE
                WHEN kind = ANY(%(lost)s) OR %(anew)s OR EXISTS (SELECT FROM abandoned) THEN %(grace)s * interval '1 s'
                ELSE least(greatest(%(grace)s * interval '1 s', rung_at - run_after), interval '30 s') END)
            AND NOT EXISTS (
                SELECT FROM tenants_workitem AS held
                WHERE held.conversation = item.conversation AND held.kind = 'turn' AND held.state = 'leased'
                    AND held.lease_until > now() AND item.kind = 'turn')
        ORDER BY run_after LIMIT (SELECT greatest(1, {BATCH} / count(id)) FROM tenant) FOR UPDATE SKIP LOCKED
    ) AS mine
    ORDER BY mine.run_after LIMIT {BATCH}
)
UPDATE tenants_workitem SET rung_at = now()
WHERE id IN (SELECT id FROM waiting UNION ALL SELECT id FROM abandoned)
RETURNING kind, tenant_id, ref_id, lost_leases, id, request_id
"""
NEXT: Final = """
SELECT extract(epoch FROM least(
    (SELECT min(run_after) FROM tenants_workitem WHERE state = 'ready' AND run_after > now()),
    (SELECT min(lease_until) FROM tenants_workitem WHERE state = 'leased' AND lease_until > now())
    ) - clock_timestamp()),
    EXISTS (SELECT FROM tenants_workitem WHERE state = 'ready' AND run_after <= now())
    OR EXISTS (SELECT FROM tenants_workitem WHERE state = 'leased' AND lease_until <= now())
"""


def take_due(*, grace_seconds: float = GRACE, anew: bool = False) -> list[tuple[Any, ...]]:
    """Mark the rows that are due as rung now and return them: kind, tenant, reference, lost leases, id, request.

    `anew`: rings may have been lost just now, whatever waits in the queues.
    """
    empty = empty_queues()
    lost = [name for name, kind in WORK_KINDS.items() if empty.issuperset(kind.queues)]
    with connections[OPERATIONS].cursor() as cursor:
        cursor.execute(DUE, {"grace": grace_seconds, "lost": lost, "anew": anew})
        due: list[tuple[Any, ...]] = cursor.fetchall()
    return due


def seconds_to_next() -> float:
    """Return how long the sweeper may sleep: to the earliest row or lease, two seconds at most."""
    with connections[OPERATIONS].cursor() as cursor:
        cursor.execute(NEXT)
        seconds, is_something_due = cursor.fetchone()
    longest = LOOK_AGAIN if is_something_due else LONGEST_SLEEP
    return longest if seconds is None else min(max(float(seconds), LEAST_SLEEP), longest)
