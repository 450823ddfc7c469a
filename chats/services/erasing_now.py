"""Erasing while somebody waits for it: the command's way, and the replay after a restore."""

import time
from typing import Any, Final
from uuid import UUID

from django.utils.translation import gettext as _

from chats.models import Contact, ErasureLedger
from chats.services.erasing import ask_to_erase, erase, erase_again, key_of
from chats.services.erasure_receipts import kept_apart
from tenants.models import TenantModel
from tenants.scope import in_tenant, tenant_scope

LOOK_EVERY_SECONDS: Final = 1.0
LONGEST_WAIT_SECONDS: Final = 600.0


class NotErasedError(RuntimeError):
    """The erasure is not done yet; its work row says why, and is tried again."""


def erase_now(tenant: TenantModel, contact_id: UUID) -> dict[str, Any]:
    """Erase a contact and return the receipt; a worker that has begun it already is waited for."""
    with in_tenant(tenant):
        erasure = ask_to_erase(Contact.objects.get(pk=contact_id), by=None)
    until = time.monotonic() + LONGEST_WAIT_SECONDS
    while time.monotonic() < until:
        with tenant_scope(tenant):
            erase(key_of(erasure))
        with in_tenant(tenant):
            erasure.refresh_from_db()
        if erasure.finished_at is not None:
            receipt: dict[str, Any] = erasure.receipt
            return receipt
        time.sleep(LOOK_EVERY_SECONDS)
    raise NotErasedError(_("The erasure goes on in the background: its work row says what holds it up."))


def replay(tenant: TenantModel, *, only_count: bool = False) -> int:
    """Erase again every contact that was erased and is there with its name; return how many.

    What was erased is known from the database's ledger and from the receipts in the storage of files.
    """
    with in_tenant(tenant):
        known = {erasure.person for erasure in ErasureLedger.objects.all()}
        known |= {UUID(receipt["contact"]) for receipt in kept_apart()}
        returned = list(Contact.objects.filter(pk__in=known, anonymized_at__isnull=True).order_by("pk"))
        if only_count:
            return len(returned)
        erasures = [_in_ledger(contact) for contact in returned]
    for erasure in erasures:
        with tenant_scope(tenant):
            erase_again(erasure)
    return len(returned)


def _in_ledger(contact: Contact) -> ErasureLedger:
    """Return the ledger's row of a contact; one that the restored database does not have is taken from its receipt."""
    told = next((receipt for receipt in kept_apart() if receipt["contact"] == str(contact.pk)), None)
    values: dict[str, Any] = {}
    if told is not None:
        values = {
            "id": told["id"],
            "identity": told["identity"],
            "requested_by": told["requested_by"],
            "requested_at": told["requested_at"],
        }
    erasure, _created = ErasureLedger.objects.get_or_create(person=contact.pk, defaults=values)
    erasure.refresh_from_db()
    return erasure
