"""Erasing a person: what names it is replaced for good, statistics stay, and a signed receipt says what was done.

All text of the person's conversations goes, not only what a detector would find in it: of free text nobody can prove
that nothing personal is left. The contact's own row is changed last, so that an erasure whose process died begins anew
and still knows whom to look for.
"""

from typing import Any, Final
from uuid import UUID

import structlog
from django.db import connection, transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import override

from audit.services import AuditService
from chats.models import ChatModel, Contact, ErasureLedger, MediaContentModel, MessageBuffer, VisitorSession
from chats.services.erasure_proof import leftovers
from chats.services.erasure_receipts import identity_of, keep_apart, receipt_of, signature_of
from chats.services.media_files import remove_media
from tenants.lifecycle import Person, erasure_steps
from tenants.models import TenantModel
from tenants.scope import current_tenant_id
from tenants.services.leases import keeper
from tenants.services.work import Lease, LeaseLostError, claim, enqueue, fail, finish

KIND: Final = "erasure"
BATCH: Final = 500
# By SQL, whatever the tenant's policy says of encryption: what replaces a text is no secret.
TEXTS: Final = f"""
UPDATE chats_contentchatmodel SET content = %(text)s, is_encrypted = false, encryption_key_id = '', metadata = '{{}}',
    client_message_id = '', external_id = ''
WHERE tenant_id = %(tenant)s AND id IN (
    SELECT id FROM chats_contentchatmodel WHERE tenant_id = %(tenant)s AND chat_id = ANY(%(chats)s) AND id > %(last)s
    ORDER BY id LIMIT {BATCH})
RETURNING id
"""
CHATS: Final = """
UPDATE chats_chatmodel SET user_id = %(name)s, title = '', title_is_encrypted = false,
    session_id = NULL, settings = '{}', agent_settings = '{}',
    status = CASE WHEN status = 'deleted' THEN status ELSE 'archived' END, is_active = false, assigned_to_id = NULL,
    archived_at = coalesce(archived_at, now()), owner_version = owner_version + 1
WHERE tenant_id = %(tenant)s AND id = ANY(%(chats)s)
"""
CLOSED: Final = """
UPDATE chats_chatmodel SET status = 'archived', is_active = false, assigned_to_id = NULL, archived_at = now(),
    owner_version = owner_version + 1
WHERE tenant_id = %(tenant)s AND id = ANY(%(chats)s) AND is_active
"""
logger = structlog.get_logger(__name__)


def key_of(erasure: ErasureLedger) -> str:
    """Return the key of an erasure's work row."""
    return f"{KIND}:{erasure.pk}"


def ask_to_erase(contact: Contact, *, by: UUID | None) -> ErasureLedger:
    """Write down that a person is to be erased, with the work that does it; asking again returns the same entry."""
    with transaction.atomic():
        erasure, created = ErasureLedger.objects.get_or_create(
            person=contact.pk, defaults={"identity": identity_of(contact), "requested_by": by}
        )
        tenant_id = current_tenant_id()
        enqueue(kind=KIND, dedupe_key=key_of(erasure), tenant_id=tenant_id, ref_id=key_of(erasure))
        if created:
            AuditService.log_event("erasure_requested", by, tenant_id, "contact", str(contact.pk))
    return erasure


def erase(ref_id: str) -> None:
    """Do the work of a row: in the tenant's scope, outside any transaction; begun anew after a crash."""
    lease = claim(ref_id)
    if lease is None:
        return
    try:
        with keeper.hold(lease):
            counts, left, person = _prepare(UUID(ref_id.partition(":")[2]))
        with transaction.atomic():
            _end(UUID(ref_id.partition(":")[2]), person, counts, left)
            finish(lease)
    except LeaseLostError:
        logger.warning("erasure_taken_over", ref=ref_id)
    except Exception as error:
        logger.exception("erasure_failed", ref=ref_id, attempt=lease.attempts + 1)
        fail(lease, f"{type(error).__name__}: {error}")


def erase_again(erasure: ErasureLedger) -> None:
    """Erase a person whom a restored backup has brought back; outside any transaction."""
    counts, left, person = _prepare(erasure.pk)
    with transaction.atomic():
        _end(erasure.pk, person, counts, left)


def gave_up(lease: Lease, error: str) -> None:
    """Nothing makes up for it but a person: the dead row is in the administration, with its reason."""
    logger.error("erasure_given_up", ref=lease.ref_id, error=error)


def person_of(contact: Contact) -> Person:
    """Return a contact with its conversations and what names it."""
    same = Q(contact_id=contact.pk) | Q(contact__isnull=True, user_id=contact.external_id, channel=contact.channel)
    chats = list(ChatModel.objects.filter(same).values_list("pk", "chat_id"))
    named = [contact.email, contact.external_id, contact.chat_address, contact.name if " " in contact.name else ""]
    return Person(
        contact_id=contact.pk,
        chats=tuple(pk for pk, _chat_id in chats),
        chat_ids=tuple(chat_id for _pk, chat_id in chats),
        identifiers=tuple(dict.fromkeys(filter(None, named))),
    )


def _prepare(erasure_id: UUID) -> tuple[dict[str, int], dict[str, int], Person | None]:
    """Erase all but the contact's own row; return the counts, what is left of the identifiers elsewhere, and who."""
    with transaction.atomic():
        erasure = ErasureLedger.objects.get(pk=erasure_id)
        contact = Contact.objects.select_for_update().filter(pk=erasure.person).first()
        if contact is None:
            return {}, {}, None
        person = person_of(contact)
        counts = _close_doors(person)
    counts["messages"] = _replace_texts(person)
    with transaction.atomic():
        counts["files"] = remove_media(MediaContentModel.objects.filter(chat_id__in=person.chats))
    for name, step in erasure_steps.items():
        with transaction.atomic():
            counts[name] = step(person)
    with transaction.atomic():
        return counts, leftovers(person), person


def _close_doors(person: Person) -> dict[str, int]:
    """End the person's sessions and conversations, so that nothing new is written while the old goes."""
    sessions, _kinds = VisitorSession.objects.filter(contact_id=person.contact_id).delete()
    MessageBuffer.objects.filter(contact_id=person.contact_id).delete()
    _on_chats(CLOSED, person)
    return {"sessions": sessions, "chats": len(person.chats)}


def _on_chats(statement: str, person: Person, **values: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, {"tenant": current_tenant_id(), "chats": list(person.chats), **values})


def _replace_texts(person: Person) -> int:
    """Replace what was said, in batches that hold nobody up; return how many messages."""
    values: dict[str, Any] = {"tenant": current_tenant_id(), "chats": list(person.chats), "text": placeholder()}
    last = done = 0
    while True:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(TEXTS, {**values, "last": last})
            found = [pk for (pk,) in cursor.fetchall()]
        if not found:
            return done
        last, done = max(found), done + len(found)


def placeholder() -> str:
    """Return what stands where a text was, in the tenant's language."""
    with transaction.atomic():
        language = TenantModel.objects.values_list("default_language", flat=True).get(pk=current_tenant_id())
    with override(language):
        return _("[anonymised]")


def _end(erasure_id: UUID, person: Person | None, counts: dict[str, int], left: dict[str, int]) -> None:
    """Take the name off the person's rows, sign the receipt, and keep it where no restored database can lose it."""
    erasure = ErasureLedger.objects.select_for_update().get(pk=erasure_id)
    erasure.finished_at = timezone.now()
    if person is not None:
        nameless = f"anonymous-{person.contact_id}"
        _on_chats(CHATS, person, name=nameless)
        Contact.objects.filter(pk=person.contact_id).update(
            external_id=nameless, name="", email="", chat_address="", labels=[], anonymized_at=erasure.finished_at
        )
    erasure.receipt = receipt_of(erasure, counts, left)
    erasure.signature = signature_of(erasure.receipt)
    erasure.save(update_fields=["finished_at", "receipt", "signature"])
    AuditService.log_event(
        "contact_anonymized", erasure.requested_by, erasure.tenant_id, "contact", str(erasure.person),
        {"receipt": str(erasure.pk), "signature": erasure.signature, "erased": counts, "left": left},
    )  # fmt: skip
    keep_apart(erasure)
