"""Dead work gets another chance at a person's wish: as if it had been written now, with no failure behind it."""

from collections.abc import Iterable
from typing import Any, Final
from uuid import UUID

from django.db import connection, transaction

from tenants.models import User, WorkItem
from tenants.scope import tenant_scope
from tenants.services.waking import wake_sweeper
from tenants.services.work import WORK_KINDS
from tenants.signals import identity_changed

MOST_AT_ONCE: Final = 500  # each leaves its own trace in the audit log

# A row whose last ring lies before its time is rung for by the sweeper at once (ringing.py).
AGAIN: Final = """
UPDATE tenants_workitem SET state = 'ready', attempts = 0, lost_leases = 0, last_error = '', finished_at = NULL,
    run_after = now(), rung_at = now() - interval '1 second'
WHERE id IN (
    SELECT id FROM tenants_workitem
    WHERE id = ANY(%(ids)s) AND state = 'dead' AND kind = ANY(%(kinds)s)
        AND (%(tenant)s::uuid IS NULL OR tenant_id = %(tenant)s)
    ORDER BY id LIMIT %(most)s FOR UPDATE SKIP LOCKED)
RETURNING id, kind, tenant_id, ref_id
"""


def run_again(item_ids: Iterable[int], *, tenant_id: UUID | None, by: User | None) -> int:
    """Give dead rows another chance and return how many there were, 500 at most; other rows stay as they are.

    `tenant_id`: the tenant to stay in, None for all of them. The sweeper is woken with the commit and rings. Each row
    is told to `identity_changed`, which the audit log hears, in the same transaction.
    """
    values: dict[str, Any] = {
        "ids": list(item_ids),
        "kinds": list(WORK_KINDS.entries),
        "tenant": tenant_id,
        "most": MOST_AT_ONCE,
    }
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(AGAIN, values)
            rows = cursor.fetchall()
        for item_id, kind, owner_id, ref_id in rows:
            with tenant_scope(owner_id):
                WORK_KINDS[kind].again(ref_id)
            identity_changed.send(
                sender=WorkItem,
                action="work_run_again",
                user=by,
                tenant_id=owner_id,
                object_type="workitem",
                object_id=str(item_id),
                details={"kind": kind, "reference": ref_id},
            )
        if rows:
            wake_sweeper()
    return len(rows)
