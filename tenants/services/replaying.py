"""What a person decides about dead work: another chance, as if no failure lay behind it, or no further mention."""

from collections.abc import Iterable
from typing import Any, Final, NamedTuple
from uuid import UUID

from django.db import connection, transaction

from tenants.models import User, WorkItem
from tenants.scope import tenant_scope
from tenants.services.waking import wake_sweeper
from tenants.services.work import WORK_KINDS
from tenants.signals import identity_changed

MOST_AT_ONCE: Final = 500  # each leaves its own trace in the audit log

DEAD: Final = """
    SELECT id FROM tenants_workitem
    WHERE id = ANY(%(ids)s) AND state = 'dead' AND kind = ANY(%(kinds)s)
        AND (%(tenant)s::uuid IS NULL OR tenant_id = %(tenant)s)
    ORDER BY id LIMIT %(most)s FOR UPDATE SKIP LOCKED"""
# A row whose last ring lies before its time is rung for by the sweeper at once (ringing.py).
AGAIN: Final = f"""
UPDATE tenants_workitem SET state = 'ready', attempts = 0, lost_leases = 0, last_error = '', finished_at = NULL,
    run_after = now(), rung_at = now() - interval '1 second'
WHERE id IN ({DEAD}) RETURNING id, kind, tenant_id, ref_id
"""
# Its last error stays with it until done rows are removed.
DISMISS: Final = f"""
UPDATE tenants_workitem SET state = 'done', finished_at = now()
WHERE id IN ({DEAD}) RETURNING id, kind, tenant_id, ref_id
"""


def run_again(item_ids: Iterable[int], *, tenant_id: UUID | None, by: User | None) -> int:
    """Give dead rows another chance and return how many there were, 500 at most; other rows stay as they are.

    `tenant_id`: the tenant to stay in, None for all of them. The sweeper is woken with the commit and rings. Each row
    is told to `identity_changed`, which the audit log hears, in the same transaction.
    """
    with transaction.atomic():
        rows = _decided(AGAIN, item_ids, tenant_id)
        for item in rows:
            with tenant_scope(item.tenant_id):
                WORK_KINDS[item.kind].again(item.ref_id)
            _tell("work_run_again", item, by)
        if rows:
            wake_sweeper()
    return len(rows)


def dismiss(item_ids: Iterable[int], *, tenant_id: UUID | None, by: User | None) -> int:
    """Put dead rows away undone and return how many there were, 500 at most; other rows stay as they are.

    They count as done from then on, keep their last error, and go with the done ones. Told as run_again() tells.
    """
    with transaction.atomic():
        rows = _decided(DISMISS, item_ids, tenant_id)
        for item in rows:
            _tell("work_dismissed", item, by)
    return len(rows)


class _Item(NamedTuple):
    id: int
    kind: str
    tenant_id: UUID
    ref_id: str


def _decided(statement: str, item_ids: Iterable[int], tenant_id: UUID | None) -> list[_Item]:
    values: dict[str, Any] = {
        "ids": list(item_ids),
        "kinds": list(WORK_KINDS.entries),
        "tenant": tenant_id,
        "most": MOST_AT_ONCE,
    }
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return [_Item(*row) for row in cursor.fetchall()]


def _tell(action: str, item: _Item, by: User | None) -> None:
    identity_changed.send(
        sender=WorkItem,
        action=action,
        user=by,
        tenant_id=item.tenant_id,
        object_type="workitem",
        object_id=str(item.id),
        details={"kind": item.kind, "reference": item.ref_id},
    )
