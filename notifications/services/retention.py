"""What happened is kept for EVENT_RETENTION_DAYS: then events and deliveries go, in batches that hold nobody up."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from django.conf import settings
from django.db import connection, transaction

from tenants.scope import current_tenant_id

BATCH: Final = 2_000
# By the orders of their indexes, from the oldest on; a batch in which nothing was old enough is the last.
DELIVERIES: Final = f"""
DELETE FROM notifications_webhookdelivery WHERE id IN (
    SELECT id FROM notifications_webhookdelivery
    WHERE tenant_id = %s AND created_at < %s ORDER BY id LIMIT {BATCH})
"""
EVENTS: Final = f"""
DELETE FROM notifications_event WHERE created_at < %s AND id IN (
    SELECT id FROM notifications_event WHERE tenant_id = %s ORDER BY xid, id LIMIT {BATCH})
"""


@dataclass(frozen=True)
class Removed:
    """How many rows went."""

    deliveries: int
    events: int

    def __str__(self) -> str:
        """Say it for the schedule's outcome."""
        return f"{self.events} events, {self.deliveries} deliveries"


def remove_old() -> Removed:
    """Remove what is older than the installation keeps, in the current tenant; each batch is a transaction."""
    before = datetime.now(tz=UTC) - timedelta(days=settings.EVENT_RETENTION_DAYS)
    deliveries = _until_none_is_left(DELIVERIES, [current_tenant_id(), before])
    return Removed(deliveries, _until_none_is_left(EVENTS, [before, current_tenant_id()]))


def _until_none_is_left(statement: str, values: list[Any]) -> int:
    total = 0
    while True:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement, values)
            removed: int = cursor.rowcount
        total += removed
        if removed == 0:
            return total
