"""What notifications and events know of a person that is to be erased: a reason in the person's own words."""

from typing import Final

from django.db import connection

from notifications.services.retention import TABLES
from tenants.lifecycle import Person, cleanup_steps, erasure_steps
from tenants.scope import current_tenant_id

FORGET_REASONS: Final = """
UPDATE notifications_event SET data = data - 'reason'
WHERE tenant_id = %s AND object_id = ANY(%s) AND data ? 'reason'
"""

for name, table in TABLES.items():
    cleanup_steps.add(name, table.step())


@erasure_steps.register("notifications.events")
def forget_reasons_of(person: Person) -> int:
    """Take the reasons out of the events of a person's conversations: a visitor may have written them."""
    with connection.cursor() as cursor:
        cursor.execute(FORGET_REASONS, [current_tenant_id(), [str(chat_id) for chat_id in person.chat_ids]])
        changed: int = cursor.rowcount
    return changed
