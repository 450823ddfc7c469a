"""How much work waits and for how long, by kind: for the administration and for the metrics."""

from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from django.db import connections

from tenants.services.work import WORK_KINDS

COUNTED_AT_MOST: Final = 20_000  # of each state; the oldest are among them

# One index for each state, read from its oldest entry on and no further than the bound.
FIGURES: Final = """
SELECT kind, 'ready', count(*), max(extract(epoch FROM now() - run_after)) FILTER (WHERE run_after <= now()),
    max(extract(epoch FROM now() - run_after)) FILTER (WHERE run_after <= now() AND rung_at < run_after)
FROM (SELECT kind, run_after, rung_at FROM tenants_workitem
    WHERE state = 'ready' AND (%(tenant)s::uuid IS NULL OR tenant_id = %(tenant)s)
    ORDER BY run_after LIMIT %(most)s) AS waiting GROUP BY kind
UNION ALL
SELECT kind, 'leased', count(*), NULL, NULL
FROM (SELECT kind FROM tenants_workitem
    WHERE state = 'leased' AND (%(tenant)s::uuid IS NULL OR tenant_id = %(tenant)s)
    ORDER BY lease_until LIMIT %(most)s) AS held GROUP BY kind
UNION ALL
SELECT kind, 'dead', count(*), NULL, NULL
FROM (SELECT kind FROM tenants_workitem
    WHERE state = 'dead' AND (%(tenant)s::uuid IS NULL OR tenant_id = %(tenant)s)
    LIMIT %(most)s) AS dead GROUP BY kind
"""


@dataclass
class KindFigures:
    """One kind's rows that are not done; ages in seconds.

    `oldest`: for how long the oldest row that is due has waited. `unrung`: for how long the oldest of those has waited
    that nobody has rung for since: the sweeper's lag.
    """

    kind: str
    ready: int = 0
    leased: int = 0
    dead: int = 0
    oldest: float = 0.0
    unrung: float = 0.0


def work_figures(*, using: str, tenant_id: UUID | None = None) -> list[KindFigures]:
    """Return the figures of every kind by name, of one tenant or of all; one statement, bounded."""
    found = {kind: KindFigures(kind) for kind in WORK_KINDS.entries}
    with connections[using].cursor() as cursor:
        cursor.execute(FIGURES, {"tenant": tenant_id, "most": COUNTED_AT_MOST})
        rows: list[tuple[Any, ...]] = cursor.fetchall()
    for kind, state, count, oldest, unrung in rows:
        figures = found.setdefault(kind, KindFigures(kind))
        setattr(figures, state, count)
        if state == "ready":
            figures.oldest, figures.unrung = float(oldest or 0), float(unrung or 0)
    return [found[kind] for kind in sorted(found)]
