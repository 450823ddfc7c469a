"""Taking old entries out of the audit log, range by range, into files (decision 13).

The file is written and signed first; then the owner's function puts the signed row in the entries' place. A process
that dies between the two leaves a file that the next run writes again.
"""

import gzip
import hashlib
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import connections, transaction
from django.utils import timezone

from audit.services.archives import Archive
from audit.services.events import AuditService
from tenants.scope import OPERATIONS

KEPT_AT_LEAST: Final = timedelta(days=30)  # the database's function refuses younger entries
AT_ONCE: Final = 10_000
OF_CHAIN: Final = "(l.tenant_id = %(tenant)s OR %(tenant)s::uuid IS NULL AND l.tenant_id IS NULL)"
RANGE: Final = f"""
SELECT min(l.position), coalesce(min(l.position) FILTER (WHERE l.created_at >= %(before)s), max(l.position)) - 1
FROM audit_auditlog l WHERE {OF_CHAIN} AND l.position IS NOT NULL
"""
ROWS: Final = f"""
SELECT row_to_json(l)::text, l.hash FROM audit_auditlog l
WHERE {OF_CHAIN} AND l.position BETWEEN %(first)s AND %(last)s ORDER BY l.position
"""
ARCHIVE: Final = "SELECT charla_archive_audit(%s, %s, %s, %s, %s, %s)"


def old_entries(tenant_id: UUID | None, before: datetime) -> range:
    """Return the places of a chain's entries that are all older than a time; its last entry is never one of them.

    ValueError for a time within the last thirty days.
    """
    if before > timezone.now() - KEPT_AT_LEAST:
        raise ValueError("Entries of the last thirty days stay in the log.")
    ((first, last),) = _ask(RANGE, {"tenant": tenant_id, "before": before})
    return range(first, last + 1) if first is not None else range(0)


def archive(tenant_id: UUID | None, before: datetime) -> list[Archive]:
    """Archive a chain's entries that are older than a time; each range of ten thousand is a file and a transaction.

    To be called outside any transaction, for a chain that was verified just now.
    """
    places = old_entries(tenant_id, before)
    return [_archive_range(tenant_id, places[begin : begin + AT_ONCE]) for begin in range(0, len(places), AT_ONCE)]


def _archive_range(tenant_id: UUID | None, places: range) -> Archive:
    first, last = places[0], places[-1]
    rows = _ask(ROWS, {"tenant": tenant_id, "first": first, "last": last})
    content = gzip.compress("".join(f"{row}\n" for row, _hash in rows).encode(), mtime=0)
    made = Archive(tenant_id, first, last, rows[-1][1], hashlib.sha256(content).hexdigest())
    if default_storage.exists(made.path):
        default_storage.delete(made.path)
    default_storage.save(made.path, ContentFile(content))
    _ask(ARCHIVE, [tenant_id, first, last, made.last_hash, made.digest, made.right_signature], tenant_id)
    told = {"first": first, "last": last, "digest": made.digest}
    AuditService.log_event("audit_archived", None, tenant_id, "auditlog", f"{first}-{last}", told)
    return made


def _ask(query: str, values: Any, tenant_id: UUID | None = None) -> list[tuple[Any, ...]]:
    """Ask by the operations role, which alone may archive, in a transaction of its own."""
    with transaction.atomic(using=OPERATIONS), connections[OPERATIONS].cursor() as cursor:
        cursor.execute("SELECT set_config('app.tenant_id', %s, true)", [str(tenant_id or "")])
        cursor.execute(query, values)
        found: list[tuple[Any, ...]] = cursor.fetchall()
    return found
