"""What notifications and events know of a person that is to be erased: a reason in the person's own words."""

from typing import Final

from django.db import connection, connections, transaction

from notifications.services.retention import TABLES
from tenants.lifecycle import Person, cleanup_steps, erasure_steps, restore_steps
from tenants.models import TenantModel
from tenants.scope import OPERATIONS, current_tenant_id

FORGET_REASONS: Final = """
UPDATE notifications_event SET data = data - 'reason'
WHERE tenant_id = %s AND object_id = ANY(%s) AND data ? 'reason'
"""
# On another server transactions are numbered anew. An event from "the future" would hold the feed up until the numbers
# come there; below all of them it is read, and whoever read it already is told to start anew (feed.py).
BRING_NEAR: Final = """
UPDATE notifications_event SET xid = '3' WHERE tenant_id = %s AND xid >= pg_snapshot_xmax(pg_current_snapshot())
"""


@restore_steps.register("notifications.feed")
def bring_events_near(tenant: TenantModel | None, backup_id: str) -> int:
    """Number events that another server wrote so that this one gives them out."""
    if tenant is None:
        return 0
    with transaction.atomic(using=OPERATIONS), connections[OPERATIONS].cursor() as cursor:
        cursor.execute(BRING_NEAR, [tenant.pk])
        return int(cursor.rowcount)


for name, table in TABLES.items():
    cleanup_steps.add(name, table.step())


@erasure_steps.register("notifications.events")
def forget_reasons_of(person: Person) -> int:
    """Take the reasons out of the events of a person's conversations: a visitor may have written them."""
    with connection.cursor() as cursor:
        cursor.execute(FORGET_REASONS, [current_tenant_id(), [str(chat_id) for chat_id in person.chat_ids]])
        changed: int = cursor.rowcount
    return changed
