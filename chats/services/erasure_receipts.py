"""What proves an erasure: a signed receipt, in the ledger and, apart from the database, in the storage of files.

The second copy is what a restored backup is compared with: it is newer than the backup. It holds ids, times, counts.
"""

import json
from collections.abc import Iterator
from typing import Any, Final
from uuid import UUID

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.utils.crypto import constant_time_compare, salted_hmac

from chats.models import Contact, ErasureLedger
from tenants.scope import current_tenant_id

FOLDER: Final = "erasures"


def identity_of(contact: Contact) -> str:
    """Return a keyed hash of who a contact is in its channel."""
    return salted_hmac(
        "charla.erasure.identity", f"{contact.channel}|{contact.external_id}", algorithm="sha256"
    ).hexdigest()


def receipt_of(erasure: ErasureLedger, counts: dict[str, int], left: dict[str, int]) -> dict[str, Any]:
    """Return what is said of an erasure: `erased` counts rows by kind, `left` those that still name the person."""
    return {
        "id": str(erasure.pk),
        "tenant": str(erasure.tenant_id),
        "contact": str(erasure.person),
        "identity": erasure.identity,
        "requested_by": str(erasure.requested_by) if erasure.requested_by else None,
        "requested_at": erasure.requested_at.isoformat(),
        "finished_at": erasure.finished_at.isoformat() if erasure.finished_at else None,
        "erased": counts,
        "left": left,
    }


def signature_of(receipt: dict[str, Any]) -> str:
    """Return the installation's signature of a receipt (HMAC-SHA256 with the secret key)."""
    text = json.dumps(receipt, sort_keys=True, separators=(",", ":"))
    return salted_hmac("charla.erasure.receipt", text, algorithm="sha256").hexdigest()


def is_genuine(receipt: dict[str, Any], signature: str) -> bool:
    """Tell whether this installation signed exactly this receipt."""
    return constant_time_compare(signature_of(receipt), signature)


def keep_apart(erasure: ErasureLedger) -> None:
    """Write the receipt into the storage, before the transaction that erases the last of it commits.

    Where that fails afterwards, the storage knows of an erasure that is still going on: it is replayed, not lost.
    """
    path = _path(erasure)
    if default_storage.exists(path):
        default_storage.delete(path)
    told = {"receipt": erasure.receipt, "signature": erasure.signature}
    default_storage.save(path, ContentFile(json.dumps(told).encode()))


def kept_apart() -> Iterator[dict[str, Any]]:
    """Yield the receipts of the current tenant in the storage; one that was changed is not this installation's."""
    folder = f"{FOLDER}/{current_tenant_id()}"
    try:
        _folders, names = default_storage.listdir(folder)
    except FileNotFoundError:
        return
    for name in sorted(names):
        with default_storage.open(f"{folder}/{name}") as file:
            told = json.load(file)
        if is_genuine(told["receipt"], told["signature"]):
            yield told["receipt"]


def _path(erasure: ErasureLedger) -> str:
    tenant_id: UUID = erasure.tenant_id
    return f"{FOLDER}/{tenant_id}/{erasure.pk}.json"
