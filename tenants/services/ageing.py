"""Rows that only get old: a step of cleaning for a table, from its column of time and the tenant's setting."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from django.db import connection, transaction

from tenants.lifecycle import Cleaning, CleanupKind, CleanupStep, Removed
from tenants.scope import current_tenant_id
from tenants.services.batches import Batches
from tenants.services.cleaning import older_than_days

COUNT: Final = "SELECT count(*) FROM {table} WHERE tenant_id = %(tenant)s AND {by} < %(before)s AND {condition}"
# From the oldest on, by an index; a batch in which nothing was old enough is the last.
DELETE: Final = """
DELETE FROM {table} WHERE {by} < %(before)s AND id IN (
    SELECT id FROM {table} WHERE tenant_id = %(tenant)s AND {condition} ORDER BY {order} LIMIT %(size)s)
"""


@dataclass(frozen=True)
class AgedTable:
    """A table whose rows go so many days after `by`: as the tenant's `setting` says, else after `default()`.

    `order` is an order with an index in which they are about as old as they stand. Nothing goes before `least()` days,
    whatever anybody asks for. A `default` of None keeps the rows with what they belong to.
    """

    table: str
    by: str
    order: str
    kind: CleanupKind
    setting: str = ""
    default: Callable[[], int | None] = lambda: None
    least: Callable[[], int] = lambda: 0
    condition: str = "true"

    def step(self) -> CleanupStep:
        """Return the step that removes its old rows."""
        return CleanupStep(self.kind, self.count, self.remove)

    def count(self, cleaning: Cleaning) -> int:
        """Return how many rows are to go."""
        values = self._values(cleaning)
        if values is None:
            return 0
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(self._sql(COUNT), values)
            count: int = cursor.fetchone()[0]
        return count

    def remove(self, cleaning: Cleaning) -> Iterator[Removed]:
        """Remove them in batches."""
        values = self._values(cleaning)
        if values is None:
            return

        def batch(size: int) -> int:
            with connection.cursor() as cursor:
                cursor.execute(self._sql(DELETE), {**values, "size": size})
                removed: int = cursor.rowcount
            return removed

        for count in Batches().each(batch):
            yield Removed(self.table, count)

    def _sql(self, statement: str) -> str:
        return statement.format(table=self.table, by=self.by, order=self.order, condition=self.condition)

    def _values(self, cleaning: Cleaning) -> dict[str, Any] | None:
        with transaction.atomic():
            days = older_than_days(cleaning, self.setting, self.default())
        if days is None:
            return None
        before = datetime.now(tz=UTC) - timedelta(days=max(days, self.least()))
        return {"tenant": current_tenant_id(), "before": before}
