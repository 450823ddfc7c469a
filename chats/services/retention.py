"""How long a tenant keeps conversations after their last activity: `message_retention_days` (decision 10).

What staff deleted goes after 30 days (decision 22), and contacts go when nothing of them is left.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.conf import settings
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from chats.models import ChatModel, ChatStatus, Contact, ContentChatModel, MediaContentModel
from chats.services.media_files import remove_media
from tenants.scope import current_tenant_id
from tenants.services.config import setting

DELETED_FOR: Final = timedelta(days=30)
CHATS_AT_ONCE: Final = 20
MESSAGES_AT_ONCE: Final = 1_000
CONTACTS_AT_ONCE: Final = 200


@dataclass(frozen=True)
class Removed:
    """How many rows went."""

    chats: int
    contacts: int

    def __str__(self) -> str:
        """Say it for the schedule's outcome."""
        return f"{self.chats} conversations, {self.contacts} contacts"


def retention_of_tenant() -> timedelta:
    """Return how long the current tenant keeps a conversation after its last activity."""
    days = setting(current_tenant_id(), "message_retention_days") or settings.CHAT_SETTINGS["MESSAGE_RETENTION_DAYS"]
    return timedelta(days=days)


def remove_old() -> Removed:
    """Remove what the current tenant keeps no longer; each batch is a transaction."""
    with transaction.atomic():
        before = timezone.now() - retention_of_tenant()
    chats = 0
    while removed := _remove_chats(_old_chats(before)):
        chats += removed
    contacts = 0
    while removed := _remove_contacts(Contact.objects.filter(last_activity__lt=before, chats__isnull=True)):
        contacts += removed
    return Removed(chats, contacts)


def _old_chats(before: datetime) -> QuerySet[ChatModel]:
    deleted = Q(status=ChatStatus.DELETED, updated_at__lt=timezone.now() - DELETED_FOR)
    return ChatModel.objects.filter(Q(last_activity__lt=before) | deleted)


def _remove_chats(chats: QuerySet[ChatModel]) -> int:
    """Remove a few conversations: their files, then their messages in batches, then themselves.

    They are closed first, under their locks: a message that comes meanwhile is refused, not lost.
    """
    with transaction.atomic():
        old = chats.select_for_update().order_by("pk")
        keys = list(old.values_list("pk", flat=True)[:CHATS_AT_ONCE])
        ChatModel.objects.filter(pk__in=keys).exclude(status=ChatStatus.DELETED).update(
            status=ChatStatus.DELETED, is_active=False
        )
        remove_media(MediaContentModel.objects.filter(chat_id__in=keys))
    while keys and _remove_messages(keys):
        pass
    with transaction.atomic():
        ChatModel.objects.filter(pk__in=keys).delete()
    return len(keys)


def _remove_messages(chats: list[int]) -> int:
    with transaction.atomic():
        rows = ContentChatModel.objects.filter(chat_id__in=chats).order_by("pk")
        messages = list(rows.values_list("pk", flat=True)[:MESSAGES_AT_ONCE])
        ContentChatModel.objects.filter(pk__in=messages).delete()
    return len(messages)


def _remove_contacts(contacts: QuerySet[Contact]) -> int:
    with transaction.atomic():
        keys = list(contacts.order_by("pk").values_list("pk", flat=True)[:CONTACTS_AT_ONCE])
        Contact.objects.filter(pk__in=keys).delete()
    return len(keys)
