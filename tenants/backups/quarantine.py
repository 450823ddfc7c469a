"""What a restored database would send out is held until somebody releases it.

A backup knows of deliveries, notices and replies that were to be sent when it was made. Some were sent since, so they
wait: who restores looks first, and releases them by one command.
"""

from typing import Final

from django.db import connections, transaction

from tenants.scope import OPERATIONS

OUTGOING: Final = ("delivery", "notification", "turn")
HOLD: Final = """
UPDATE tenants_workitem SET state = 'held', lease_token = NULL, lease_until = NULL
WHERE kind = ANY(%s) AND state IN ('ready', 'leased')
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
        cursor.execute(HOLD, [list(OUTGOING)])
        return int(cursor.rowcount)


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
