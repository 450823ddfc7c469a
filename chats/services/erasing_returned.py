"""Erasing again whom an import has brought back: an older export knows people who were erased since it was made.

Who a person is tells the keyed hash in the ledger of erasures, for imported rows may have ids of their own. Somebody
who was erased and wrote again later is a new person: only what is older than the erasure goes.
"""

from collections.abc import Iterator
from datetime import datetime
from typing import Any, Final

from django.db import transaction
from django.db.models import QuerySet
from django.utils.dateparse import parse_datetime

from chats.models import ChatModel, Contact, ErasureLedger
from chats.services.erasing_now import erase_now, replay
from chats.services.erasure_receipts import identity_of, kept_apart
from tenants.fields import uuid7
from tenants.models import TenantModel
from tenants.scope import in_tenant, tenant_scope

ROWS_AT_ONCE: Final = 1_000
Known = dict[str, datetime]


def erase_returned(tenant: TenantModel) -> None:
    """Erase everybody whom the ledger knows and who is there again; outside any transaction, safe to run again."""
    replay(tenant)
    with in_tenant(tenant):
        known = _known()
    if not known:
        return
    with tenant_scope(tenant):
        for contact in _who_is_known(known):
            if contact.created_at < known[identity_of(contact)]:
                erase_now(tenant, contact.pk)
            else:
                _erase_apart(tenant, _older(contact, known[identity_of(contact)]))
        for chat in _without_contact(known):
            _erase_apart(tenant, [chat])


def _known() -> Known:
    """Return until when the data of each erased person has to go; receipts outlive a database that was restored."""
    known: Known = dict(ErasureLedger.objects.order_by("requested_at").values_list("identity", "requested_at"))
    for receipt in kept_apart():
        if (asked := parse_datetime(receipt["requested_at"])) is not None:
            known[receipt["identity"]] = max(asked, known.get(receipt["identity"], asked))
    return known


def _pages(rows: QuerySet[Any]) -> Iterator[Any]:
    last: Any = None
    while True:
        with transaction.atomic():
            page = list((rows if last is None else rows.filter(pk__gt=last)).order_by("pk")[:ROWS_AT_ONCE])
        if not page:
            return
        yield from page
        last = page[-1].pk


def _who_is_known(known: Known) -> Iterator[Contact]:
    people = Contact.objects.filter(anonymized_at__isnull=True).only("channel", "external_id", "created_at")
    return (contact for contact in _pages(people) if identity_of(contact) in known)


def _without_contact(known: Known) -> Iterator[Any]:
    """Yield conversations whose person's row did not come with them."""
    chats = ChatModel.objects.filter(contact__isnull=True).only("channel", "user_id", "created_at")
    for chat in _pages(chats):
        asked = known.get(identity_of(Contact(channel=chat.channel, external_id=chat.user_id)))
        if asked and chat.created_at < asked:
            yield chat.pk


def _older(contact: Contact, asked: datetime) -> list[Any]:
    with transaction.atomic():
        return list(ChatModel.objects.filter(contact=contact.pk, created_at__lt=asked).values_list("pk", flat=True))


def _erase_apart(tenant: TenantModel, chats: list[Any]) -> None:
    """Give conversations to a contact of their own, so that it can be erased as every other is."""
    if not chats:
        return
    with in_tenant(tenant):
        nobody = Contact.objects.create(channel="api", external_id=f"anonymous-{uuid7()}")
        ChatModel.objects.filter(pk__in=chats).update(contact=nobody)
    erase_now(tenant, nobody.pk)
