"""What a restored database would send out is held until somebody releases it.

A backup knows of deliveries, notices and replies that were to be sent when it was made. Some were sent since, so they
wait: who restores looks first, and releases them by one command. So does what leads to some by itself: what was still
to be analysed may call for a person, and the schedules that mail have one run each held, beside which no other begins.
"""

from typing import Any, Final
from uuid import UUID

from django.db import connections, transaction

from tenants.backups.connecting import Connection
from tenants.scope import OPERATIONS
from tenants.services.schedules import KIND, SCHEDULES

OUTGOING: Final = ("delivery", "notification", "turn", "analysis", "signal_retry")
# Of all tenants, or of one. As text for psycopg: a restore of one tenant does it in its own transaction.
HOLD: Final = """
UPDATE tenants_workitem SET state = 'held', lease_token = NULL, lease_until = NULL
WHERE state IN ('ready', 'leased') AND (%(tenant)s::uuid IS NULL OR tenant_id = %(tenant)s)
    AND (kind = ANY(%(kinds)s::text[])
        OR (kind = %(schedule)s AND split_part(ref_id, ':', 1) = ANY(%(senders)s::text[])))
"""
HOLD_SCHEDULES: Final = """
INSERT INTO tenants_workitem
    (kind, dedupe_key, tenant_id, ref_id, state, run_after, attempts, lost_leases, last_error, request_id)
SELECT %(schedule)s, key, tenant_id, key, 'held', now(), 0, 0, '', replace(gen_random_uuid()::text, '-', '')
FROM (SELECT t.id AS tenant_id,
          sender.entry || ':restored-' || to_char(now(), 'YYYYMMDD"T"HH24MISS') || ':' || t.id AS key
      FROM tenants_tenantmodel AS t, unnest(%(senders)s::text[]) AS sender (entry)
      WHERE t.is_active AND (%(tenant)s::uuid IS NULL OR t.id = %(tenant)s) AND NOT EXISTS (
          SELECT FROM tenants_workitem AS w WHERE w.tenant_id = t.id AND w.kind = %(schedule)s AND w.state = 'held'
          AND split_part(w.ref_id, ':', 1) = sender.entry)) AS rows
ON CONFLICT (dedupe_key) DO NOTHING
"""
RELEASE: Final = """
UPDATE tenants_workitem SET state = 'ready', run_after = greatest(run_after, now()), rung_at = now() WHERE id IN (
    SELECT id FROM tenants_workitem WHERE state = 'held' AND (%(tenant)s::uuid IS NULL OR tenant_id = %(tenant)s)
    ORDER BY id LIMIT 5000)
"""
COUNT: Final = """
SELECT kind, count(*) FROM tenants_workitem
WHERE state = 'held' AND (%(tenant)s::uuid IS NULL OR tenant_id = %(tenant)s) GROUP BY kind ORDER BY kind
"""


def hold() -> int:
    """Hold all outgoing work of the database that the operations role is connected to; return how many rows."""
    with transaction.atomic(using=OPERATIONS), connections[OPERATIONS].cursor() as cursor:
        rows = 0
        for statement in (HOLD, HOLD_SCHEDULES):
            cursor.execute(statement, _named(None))
            rows += int(cursor.rowcount)
    return rows


def hold_tenants(connection: Connection, tenant_id: UUID) -> int:
    """Hold one tenant's outgoing work, in the transaction that a connection is in; return how many rows."""
    return sum(connection.execute(statement, _named(tenant_id)).rowcount for statement in (HOLD, HOLD_SCHEDULES))


def _named(tenant_id: UUID | None) -> dict[str, Any]:
    senders = [name for name, entry in SCHEDULES.items() if entry.sends_out]
    return {"tenant": tenant_id, "kinds": list(OUTGOING), "schedule": KIND, "senders": senders}


def held(tenant_id: str | None = None) -> dict[str, int]:
    """Return how many rows are held, by kind."""
    with transaction.atomic(using=OPERATIONS), connections[OPERATIONS].cursor() as cursor:
        cursor.execute(COUNT, {"tenant": tenant_id})
        return dict(cursor.fetchall())


def release(tenant_id: str | None = None) -> int:
    """Let the held work go out, in batches; return how many rows. The sweeper rings for them within seconds."""
    released = 0
    while True:
        with transaction.atomic(using=OPERATIONS), connections[OPERATIONS].cursor() as cursor:
            cursor.execute(RELEASE, {"tenant": tenant_id})
            count = int(cursor.rowcount)
        released += count
        if not count:
            return released
