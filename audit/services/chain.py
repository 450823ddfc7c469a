"""Proving that the audit log is whole: every row's hash, and its place behind the row before it."""

from dataclasses import dataclass
from uuid import UUID

from django.db import connection

FIRST_BROKEN = """
SELECT count(*), min(position) FILTER (WHERE position <> place OR previous_hash <> before OR hash <> computed)
FROM (
    SELECT l.position, l.previous_hash, l.hash, audit_row_hash(l, l.previous_hash, l.position) AS computed,
           row_number() OVER chain AS place, lag(l.hash, 1, '') OVER chain AS before
    FROM audit_auditlog l WHERE l.tenant_id = %s AND l.position IS NOT NULL
    WINDOW chain AS (ORDER BY l.position)
) AS links
"""


@dataclass(frozen=True)
class ChainReport:
    """How many rows a tenant's chain has, and the place of the first one that does not fit (None: all do)."""

    rows: int
    first_broken: int | None

    @property
    def is_whole(self) -> bool:
        """Whether every row fits."""
        return self.first_broken is None


def verify_chain(tenant_id: UUID) -> ChainReport:
    """Recompute a tenant's chain, inside its unit of work."""
    with connection.cursor() as cursor:
        cursor.execute(FIRST_BROKEN, [tenant_id])
        rows, broken = cursor.fetchone()
    return ChainReport(rows, broken)
