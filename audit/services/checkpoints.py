"""Where each chain ended when it was last found whole: signed, and kept apart from the database.

Whoever may rewrite the database could cut the chain's end off, or write all of it anew from some row on. Neither fits
the checkpoint, which lies in the storage of files and can be made by the installation's secret key alone.
"""

import json
from typing import Any, Final
from uuid import UUID

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import connections, transaction
from django.utils.crypto import constant_time_compare, salted_hmac

from audit.services.chain import Place
from tenants.scope import OPERATIONS

FOLDER: Final = "audit"
END: Final = """
SELECT position, hash FROM audit_auditlog WHERE tenant_id IS NOT DISTINCT FROM %s AND position IS NOT NULL
ORDER BY position DESC LIMIT 1
"""
AT: Final = "SELECT hash FROM audit_auditlog WHERE tenant_id IS NOT DISTINCT FROM %s AND position = %s"


def checkpoint_of(tenant_id: UUID | None) -> Place | None:
    """Return the last checkpoint; None without one. ValueError for one that this installation did not sign."""
    path = _path(tenant_id)
    if not default_storage.exists(path):
        return None
    with default_storage.open(path) as file:
        told: dict[str, Any] = json.load(file)
    checkpoint = Place(int(told["place"]), str(told["hash"]))
    if not constant_time_compare(_signature(tenant_id, checkpoint), str(told["signature"])):
        raise ValueError("The checkpoint was not signed by this installation.")
    return checkpoint


def still_holds(tenant_id: UUID | None, checkpoint: Place) -> bool:
    """Tell whether the chain still has the row that the checkpoint names, in the tenant's unit of work."""
    row = _ask(tenant_id, AT, [tenant_id, checkpoint.place])
    return row is not None and row[0] == checkpoint.hash


def keep_checkpoint(tenant_id: UUID | None) -> Place | None:
    """Write down where a chain ends now; None for an empty one."""
    row = _ask(tenant_id, END, [tenant_id])
    if row is None:
        return None
    checkpoint = Place(*row)
    told = {"place": checkpoint.place, "hash": checkpoint.hash, "signature": _signature(tenant_id, checkpoint)}
    path = _path(tenant_id)
    if default_storage.exists(path):
        default_storage.delete(path)
    default_storage.save(path, ContentFile(json.dumps(told).encode()))
    return checkpoint


def _ask(tenant_id: UUID | None, query: str, values: list[Any]) -> tuple[Any, ...] | None:
    alias = OPERATIONS if tenant_id is None else "default"
    with transaction.atomic(using=alias), connections[alias].cursor() as cursor:
        cursor.execute(query, values)
        row: tuple[Any, ...] | None = cursor.fetchone()
    return row


def _signature(tenant_id: UUID | None, checkpoint: Place) -> str:
    told = f"{tenant_id}|{checkpoint.place}|{checkpoint.hash}"
    return salted_hmac("charla.audit.checkpoint", told, algorithm="sha256").hexdigest()


def _path(tenant_id: UUID | None) -> str:
    return f"{FOLDER}/{tenant_id or 'installation'}.json"
