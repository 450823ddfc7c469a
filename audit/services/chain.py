"""Proving that the audit log is whole: every row's hash, and its place behind the row before it.

A row that was changed does not fit its hash; one that was taken out leaves its place empty; one that was moved fits its
hash at another place. A row that was changed together with its hash is not the one that the next row names. What was
cut off at the end, or written anew from some row on, is missed by the checkpoints (audit.services.checkpoints).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

from django.db import connections, transaction

from tenants.scope import OPERATIONS

MOST_NAMED: Final = 200
BROKEN: Final = f"""
SELECT id, position, place_before, id_before, hash <> computed, previous_hash <> before
FROM (
    SELECT l.id, l.position, l.previous_hash, l.hash, audit_row_hash(l, l.previous_hash, l.position) AS computed,
           lag(l.position, 1, %(place)s::bigint) OVER chain AS place_before,
           lag(l.hash, 1, %(hash)s::varchar) OVER chain AS before, lag(l.id) OVER chain AS id_before
    FROM audit_auditlog l WHERE l.tenant_id IS NOT DISTINCT FROM %(tenant)s AND l.position IS NOT NULL
    WINDOW chain AS (ORDER BY l.position, l.id)
) AS links
WHERE position <> place_before + 1 OR previous_hash <> before OR hash <> computed
ORDER BY position, id LIMIT {MOST_NAMED}
"""
COUNT: Final = "SELECT count(*) FROM audit_auditlog WHERE tenant_id IS NOT DISTINCT FROM %s AND position IS NOT NULL"
FITS_AT: Final = """
SELECT place FROM audit_auditlog l, unnest(%s::bigint[]) AS place
WHERE l.id = %s AND audit_row_hash(l, l.previous_hash, place) = l.hash
"""


class Damage(StrEnum):
    """What became of a row."""

    CHANGED = "changed"
    REMOVED = "removed"
    MOVED = "moved"


@dataclass(frozen=True)
class Finding:
    """A row that is not as it was written; one that was removed has a place and no id, a moved one both places."""

    damage: Damage
    place: int
    row_id: int | None = None
    written_at: int | None = None


@dataclass(frozen=True)
class ChainReport:
    """How many rows a chain has, and what does not fit (MOST_NAMED links at most are looked at)."""

    rows: int
    findings: tuple[Finding, ...]

    @property
    def is_whole(self) -> bool:
        """Whether every row fits."""
        return not self.findings


@dataclass(frozen=True)
class Place:
    """A row's place and its hash: where a chain ends, or goes on behind what was archived."""

    place: int = 0
    hash: str = ""


BEGINNING: Final = Place()


@dataclass(frozen=True)
class _Link:
    row_id: int
    place: int
    place_before: int
    id_before: int | None
    is_changed: bool
    is_loose: bool

    @property
    def missing(self) -> range:
        return range(self.place_before + 1, self.place)


def verify_chain(tenant_id: UUID | None, *, behind: Place = BEGINNING, using: str = "default") -> ChainReport:
    """Recompute a chain: a tenant's inside its unit of work; the installation's (None) by the operations role.

    `behind` is the last row of what was archived: the chain goes on there.
    """
    alias = OPERATIONS if tenant_id is None else using
    with transaction.atomic(using=alias), connections[alias].cursor() as cursor:
        cursor.execute(COUNT, [tenant_id])
        rows: int = cursor.fetchone()[0]
        cursor.execute(BROKEN, {"tenant": tenant_id, "place": behind.place, "hash": behind.hash})
        links = [_Link(*row) for row in cursor.fetchall()]
        return ChainReport(rows, tuple(_findings(cursor, links)))


def _findings(cursor: Any, links: Sequence[_Link]) -> list[Finding]:
    places = sorted({place for link in links for place in (*_few(link.missing), link.place)})
    found, written_at = [], set()
    for link in links:
        if not link.is_changed:
            continue
        cursor.execute(FITS_AT, [places, link.row_id])
        fits = cursor.fetchone()
        damage = Damage.MOVED if fits else Damage.CHANGED
        found.append(Finding(damage, link.place, link.row_id, fits[0] if fits else None))
        written_at |= {fits[0]} if fits else set()
    gone = [place for link in links for place in _few(link.missing) if place not in written_at]
    found += [Finding(Damage.REMOVED, place) for place in gone]
    found += _changed_with_their_hash(links)
    return sorted(found, key=lambda finding: finding.place)


def _changed_with_their_hash(links: Sequence[_Link]) -> list[Finding]:
    """Return the rows that fit their own hash, and are not what the row behind them names."""
    known = {link.row_id for link in links if link.is_changed}
    return [
        Finding(Damage.CHANGED, link.place_before, link.id_before)
        for link in links
        if link.is_loose and not link.is_changed and not link.missing and link.id_before not in known
    ]


def _few(places: range) -> range:
    return places[:MOST_NAMED]
