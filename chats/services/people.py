"""Contacts: making, changing and finding the people who write."""

from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from audit.services import AuditService
from chats.models import Contact
from chats.services.errors import ChatError
from tenants.models import TenantModel, User
from tenants.scope import in_tenant


class ContactTakenError(ChatError):
    """There is a contact with this id in this channel."""

    code = "conflict"
    attr = "external_id"


class ContactGoneError(ChatError):
    """The contact was anonymised: there is nobody whom a change could be about."""

    code = "conflict"


class ContactInUseError(ChatError):
    """The contact has conversations, so that deleting its row would leave them without a person."""

    code = "conflict"


def add_contact(*, by: User | None, **fields: Any) -> Contact:
    """Store a contact; ContactTakenError when its channel has one of that id."""
    try:
        with transaction.atomic():
            contact: Contact = Contact.objects.create(**fields)
    except IntegrityError as error:
        raise ContactTakenError(_("There is a contact with this id in this channel already.")) from error
    _audit("contact_created", contact, by, fields)
    return contact


def change_contact(contact: Contact, *, by: User | None, **fields: Any) -> Contact:
    """Change what is known of a person; ContactGoneError for one that was anonymised."""
    with transaction.atomic():
        found = Contact.objects.select_for_update().get(pk=contact.pk)
        if found.anonymized_at is not None:
            raise ContactGoneError(_("This person was anonymised."))
        for name, value in fields.items():
            setattr(found, name, value)
        found.save(update_fields=list(fields))
        _audit("contact_changed", found, by, fields)
    return found


def delete_contact(contact: Contact, *, by: User | None) -> None:
    """Delete a contact that never wrote; ContactInUseError for one with conversations."""
    if contact.chats.exists():
        raise ContactInUseError(_("This person has conversations: anonymise it instead."))
    _audit("contact_deleted", contact, by, {})
    contact.delete()


def people_called(tenant: TenantModel, external_id: str) -> list[UUID]:
    """Return the contacts with this id, whatever their channel."""
    with in_tenant(tenant):
        return list(Contact.objects.filter(external_id=external_id).order_by("pk").values_list("pk", flat=True))


def _audit(action: str, contact: Contact, by: User | None, fields: dict[str, Any]) -> None:
    AuditService.log_event(action, by, contact.tenant_id, "contact", str(contact.pk), {"fields": sorted(fields)})
