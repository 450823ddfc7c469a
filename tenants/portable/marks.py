"""How far the last export of a tenant went, for `--since-last`.

A mark is the oldest transaction that the export could not see. What is written with it is exact whatever the rows' own
times say: imported rows have old ones, and a transaction that commits late is not missed.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from django.db import connection

from tenants.models import ExportMark
from tenants.portable.kinds import Group

MARK: Final = """
SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint, (SELECT system_identifier FROM pg_control_system())
"""
OLDEST_THAT_COUNTS: Final = 2**31 - 10_000_000  # ages of rows go round behind that


@dataclass(frozen=True)
class Mark:
    """A transaction of one database cluster."""

    transaction: int
    cluster: int


def current_mark() -> Mark:
    """Return the mark of the transaction's snapshot."""
    with connection.cursor() as cursor:
        cursor.execute(MARK)
        return Mark(*cursor.fetchone())


def last_mark(groups: Sequence[Group]) -> int | None:
    """Return the transaction from which on rows are new to who had the last export of these groups.

    None when there was none, when the database came from elsewhere since, or when that was too long ago: then all is.
    """
    kept = ExportMark.objects.filter(groups=_name(groups)).first()
    now = current_mark()
    if kept is None or kept.cluster != now.cluster or now.transaction - kept.transaction > OLDEST_THAT_COUNTS:
        return None
    return kept.transaction


def keep_mark(groups: Sequence[Group], mark: Mark) -> None:
    """Remember an export that is whole."""
    told = {"transaction": mark.transaction, "cluster": mark.cluster}
    ExportMark.objects.update_or_create(groups=_name(groups), defaults=told)


def _name(groups: Sequence[Group]) -> str:
    return ",".join(sorted(groups))
