"""Reading the feed of events so that nothing is ever passed by (decision 12).

Events are ordered by `(xid, id)`, the transaction that wrote them and their number in it. Only those below the oldest
transaction that is still open are given out: a transaction that commits later than its successors, and then shows its
events, is thus never behind a reader.
"""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from django.conf import settings
from django.db import connection

from tenants.scope import current_tenant_id

NOW: Final = "now"
MOST_SCANNED: Final = 5_000
LAST_ID: Final = 2**63 - 1
LAST_XID: Final = 2**64 - 1

READ: Final = """
WITH edge AS (SELECT pg_snapshot_xmin(pg_current_snapshot()) AS xmin),
scanned AS MATERIALIZED (
    SELECT e.id, e.xid, e.type, e.object_type, e.object_id, e.data, e.created_at
    FROM notifications_event AS e
    WHERE e.tenant_id = %(tenant)s AND (e.xid, e.id) > (%(xid)s::xid8, %(id)s)
        AND e.xid < pg_snapshot_xmin(pg_current_snapshot())
    ORDER BY e.xid, e.id LIMIT %(scan)s
)
SELECT edge.xmin::text, pg_snapshot_xmax(pg_current_snapshot())::text, now(), (SELECT count(*) FROM scanned),
    (SELECT jsonb_build_array(s.xid::text, s.id::text) FROM scanned AS s ORDER BY s.xid DESC, s.id DESC LIMIT 1),
    f.id, f.xid::text, f.type, f.object_type, f.object_id, f.data::text, f.created_at
FROM edge LEFT JOIN LATERAL (
    SELECT * FROM scanned AS s WHERE cardinality(%(types)s::text[]) = 0 OR s.type = ANY(%(types)s::text[])
    ORDER BY s.xid, s.id LIMIT %(limit)s
) AS f ON true
ORDER BY f.xid, f.id
"""


class BadPositionError(ValueError):
    """A position in the feed that none of our answers gave."""


@dataclass(frozen=True)
class Position:
    """A place in a tenant's feed, and when it was the reader's."""

    xid: int
    id: int
    at: datetime

    def __str__(self) -> str:
        """Return what callers are given: opaque, and safe in a URL."""
        text = f"1.{self.xid}.{self.id}.{int(self.at.timestamp())}"
        return urlsafe_b64encode(text.encode()).decode().rstrip("=")

    @classmethod
    def read(cls, text: str) -> "Position":
        """Return the position that a caller brought back; raise BadPositionError."""
        try:
            version, *numbers = urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode("ascii").split(".")
            xid, number, seconds = (int(part) for part in numbers if part.isdecimal())
            made = cls(xid, number, datetime.fromtimestamp(seconds, tz=UTC))
        except (ValueError, OverflowError, OSError) as error:
            raise BadPositionError(text) from error
        if version != "1" or xid > LAST_XID or number > LAST_ID:
            raise BadPositionError(text)
        return made


@dataclass(frozen=True)
class Entry:
    """An event as the feed gives it; `position` is its id outside and may be given as `after`."""

    position: Position
    type: str
    object_type: str
    object_id: str
    data: str
    created_at: datetime


@dataclass(frozen=True)
class Page:
    """Events in order; `after` is where to go on, `resync` says that events before the page are gone."""

    entries: list[Entry]
    after: Position
    has_more: bool
    resync: bool


def read_feed(*, after: str, types: Sequence[str] = (), limit: int) -> Page:
    """Return the current tenant's events after a position, in order; `""` is the beginning, `"now"` the end.

    Runs one statement in the caller's transaction, whose cost does not grow with the feed. Raises BadPositionError.
    """
    start = Position.read(after) if after not in ("", NOW) else None
    rows = _rows(start, types, limit)
    xmin, xmax, now, scanned, last = rows[0][:5]
    edge = Position(int(xmin) - 1, LAST_ID, now)
    if after == NOW:
        return Page([], edge, has_more=False, resync=False)
    if start is not None and _is_lost(start, int(xmax), now):
        return Page([], edge, has_more=False, resync=True)
    entries = [Entry(Position(int(row[1]), row[0], row[6]), *row[2:]) for row in (full[5:] for full in rows) if row[0]]
    if len(entries) == limit:
        return Page(entries, entries[-1].position, has_more=True, resync=False)
    if scanned == _scan(types, limit):
        xid, number = json.loads(last)
        return Page(entries, Position(int(xid), int(number), now), has_more=True, resync=False)
    return Page(entries, edge, has_more=False, resync=False)


def _scan(types: Sequence[str], limit: int) -> int:
    return MOST_SCANNED if types else limit


def _rows(start: Position | None, types: Sequence[str], limit: int) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(
            READ,
            {
                "tenant": current_tenant_id(),
                "xid": str(start.xid) if start else "0",
                "id": start.id if start else 0,
                "types": list(types),
                "scan": _scan(types, limit),
                "limit": limit,
            },
        )
        rows: list[Any] = cursor.fetchall()
        return rows


def _is_lost(start: Position, xmax: int, now: datetime) -> bool:
    """Tell whether events after this position may be gone: it is too old, or of another database (a restored one)."""
    return start.at < now - timedelta(days=settings.EVENT_RETENTION_DAYS) or start.xid >= xmax
