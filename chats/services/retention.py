"""How long a tenant keeps conversations after their last activity: `message_retention_days` (decision 10).

What staff deleted goes after 30 days (decision 22), and contacts go when nothing of them is left. Everything happens
in short batches; a process that dies leaves conversations that are closed and partly empty, and the next run goes on.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any, Final

from django.conf import settings
from django.db import connection, transaction
from django.db.models import F, Q, QuerySet, Value
from django.db.models.functions import Least
from django.utils import timezone

from chats.models import ChatModel, ChatStatus, Contact, ContentChatModel, MediaContentModel
from chats.services.media_files import delete_files
from tenants.lifecycle import Cleaning, CleanupKind, CleanupStep, Removed
from tenants.scope import current_tenant_id
from tenants.services.batches import Batches
from tenants.services.cleaning import older_than_days

DELETED_FOR: Final = timedelta(days=30)
CHATS_AT_ONCE: Final = 50
CHATS, MESSAGES, CONTACTS = "chats_chatmodel", "chats_contentchatmodel", "chats_contact"
FILES: Final = "chats_mediacontentmodel"


def conversations_before(cleaning: Cleaning) -> datetime:
    """Return the time of the last activity before which a conversation of the current tenant goes."""
    default = settings.CHAT_SETTINGS["MESSAGE_RETENTION_DAYS"]
    with transaction.atomic():
        days = older_than_days(cleaning, "message_retention_days", default)
    return timezone.now() - timedelta(days=days or default)


def old_chats(cleaning: Cleaning) -> "QuerySet[ChatModel]":
    """Return the conversations of the current tenant that are to go."""
    deleted = Q(status=ChatStatus.DELETED, updated_at__lt=timezone.now() - DELETED_FOR)
    return _part_of(ChatModel.objects.filter(Q(last_activity__lt=conversations_before(cleaning)) | deleted), cleaning)


def count_chats(cleaning: Cleaning) -> int:
    """Return how many conversations are to go."""
    chats = old_chats(cleaning)
    with transaction.atomic():
        return chats.count()


def remove_chats(cleaning: Cleaning) -> Iterator[Removed]:
    """Remove conversations: their files, what was found in their messages, these, then themselves."""
    before, chats, batches, ends = conversations_before(cleaning), old_chats(cleaning), Batches(), Batches()
    while keys := _close(chats, before):
        yield from _remove_files(MediaContentModel.objects.filter(chat_id__in=keys), batches)
        yield from _remove_messages(keys, batches)
        yield from _remove_emptied(keys, ends)


def _close(chats: "QuerySet[ChatModel]", before: datetime) -> list[int]:
    """Close a few conversations, under their locks: a message that comes meanwhile is refused, not lost.

    One that somebody writes in at this moment is left for the next time. That they are old stays true of those that
    staff deleted, whose `updated_at` moves with every batch: a run that is cut off finds them again.
    """
    with transaction.atomic():
        free = chats.select_for_update(skip_locked=True).order_by("pk")
        keys = list(free.values_list("pk", flat=True)[:CHATS_AT_ONCE])
        ChatModel.objects.filter(pk__in=keys).update(
            status=ChatStatus.DELETED,
            is_active=False,
            last_activity=Least(F("last_activity"), Value(before - timedelta(seconds=1))),
        )
    return keys


def _remove_files(rows: "QuerySet[MediaContentModel]", batches: Batches) -> Iterator[Removed]:
    """Remove files outside any transaction, for a storage may be slow, then their rows."""
    while True:
        with transaction.atomic():
            found = list(rows.order_by("pk").values_list("pk", "media", "thumbnail", "size")[: batches.most])
        if not found:
            return
        delete_files(path for _pk, *paths, _size in found for path in paths)
        with transaction.atomic():
            MediaContentModel.objects.filter(pk__in=[pk for pk, *_rest in found]).delete()
        yield Removed(FILES, len(found), sum(size for *_rest, size in found))


def _remove_messages(chats: list[int], batches: Batches) -> Iterator[Removed]:
    tables = _tables_that_hang_on_messages()
    statement = _delete_messages(tables)
    counts: list[int] = []

    def remove(size: int) -> int:
        with connection.cursor() as cursor:
            cursor.execute(statement, {"tenant": current_tenant_id(), "chats": chats, "size": size})
            counts[:] = cursor.fetchone()
        return counts[0]

    for _count in batches.each(remove):
        for table, count in zip((MESSAGES, *tables), counts, strict=True):
            yield Removed(table, count)


def _tables_that_hang_on_messages() -> dict[str, str]:
    """Return the tables, of whatever app, whose rows cannot be without their message, and the column that names it."""
    relations = [each for each in ContentChatModel._meta.related_objects if not each.field.null]
    others = [each.field for each in relations if each.field.model is not ContentChatModel]
    return {field.model._meta.db_table: field.column for field in others}


def _delete_messages(tables: dict[str, str]) -> str:
    """Return one statement for a batch, so that its locks are held no longer than the database works on it.

    From a conversation's end on: a reply goes before what it answers, or the database would write it anew without that.
    """
    gone = "= ANY (ARRAY(SELECT id FROM gone)) RETURNING 1)"
    others = [
        f'of_{number} AS (DELETE FROM "{table}" WHERE tenant_id = %(tenant)s AND "{column}" {gone}'
        for number, (table, column) in enumerate(tables.items())
    ]
    counted = ", ".join(f"(SELECT count(*) FROM {name})" for name in ("said", *map("of_{}".format, range(len(tables)))))
    return f"""
        WITH gone AS MATERIALIZED (
            SELECT id FROM {MESSAGES} WHERE tenant_id = %(tenant)s AND chat_id = ANY (%(chats)s)
            ORDER BY chat_id DESC, sequence DESC LIMIT %(size)s
        ), {"".join(f"{other}, " for other in others)}
        said AS (DELETE FROM {MESSAGES} WHERE tenant_id = %(tenant)s AND id {gone}
        SELECT {counted}"""


def _remove_emptied(chats: list[int], batches: Batches) -> Iterator[Removed]:
    removed: dict[str, int] = {}

    def remove(size: int) -> int:
        keys = list(ChatModel.objects.filter(pk__in=chats).order_by("pk").values_list("pk", flat=True)[:size])
        removed.clear()
        removed.update(ChatModel.objects.filter(pk__in=keys).delete()[1])
        return len(keys)

    for _count in batches.each(remove):
        yield from _tables_of(removed)


def count_contacts(cleaning: Cleaning) -> int:
    """Return how many contacts nothing is left of, as things are."""
    before = conversations_before(cleaning)
    with transaction.atomic():
        return Contact.objects.filter(last_activity__lt=before, chats__isnull=True).count()


def remove_contacts(cleaning: Cleaning) -> Iterator[Removed]:
    """Remove the contacts that have written nothing for so long and have no conversation left."""
    before = conversations_before(cleaning)
    last: Any = None

    def remove(size: int) -> int:
        nonlocal last
        old = Contact.objects.filter(last_activity__lt=before, chats__isnull=True).order_by("pk")
        keys = list((old if last is None else old.filter(pk__gt=last)).values_list("pk", flat=True)[:size])
        if keys:
            Contact.objects.filter(pk__in=keys).delete()
            last = keys[-1]
        return len(keys)

    for count in Batches().each(remove):
        yield Removed(CONTACTS, count)


def files_before(cleaning: Cleaning) -> datetime | None:
    """Return the time before which files go although their conversation stays; None where they stay with it."""
    with transaction.atomic():
        days = older_than_days(cleaning, "file_retention_days", None)
    return None if days is None else timezone.now() - timedelta(days=days)


def old_files(before: datetime) -> "QuerySet[MediaContentModel]":
    """Return the files of messages that are older than a time."""
    return MediaContentModel.objects.filter(content__timestamp__lt=before)


def count_files(cleaning: Cleaning) -> int:
    """Return how many files of messages are to go."""
    before = files_before(cleaning)
    if before is None:
        return 0
    with transaction.atomic():
        return old_files(before).count()


def remove_files(cleaning: Cleaning) -> Iterator[Removed]:
    """Remove old files of messages that stay."""
    before = files_before(cleaning)
    if before is not None:
        yield from _remove_files(old_files(before), Batches())


def _part_of(rows: "QuerySet[ChatModel]", cleaning: Cleaning) -> "QuerySet[ChatModel]":
    if cleaning.parts == 1:
        return rows
    return rows.annotate(part=F("pk") % cleaning.parts).filter(part=cleaning.part)


def _tables_of(counts: dict[str, int]) -> Iterator[Removed]:
    """Yield what Django says it removed (rows by model) by table."""
    from django.apps import apps

    for label, count in counts.items():
        yield Removed(apps.get_model(label)._meta.db_table, count)


STEPS: Final = {
    "chats.conversations": CleanupStep(CleanupKind.CHATS, count_chats, remove_chats, divisible=True),
    "chats.contacts": CleanupStep(CleanupKind.CHATS, count_contacts, remove_contacts),
    "chats.files": CleanupStep(CleanupKind.FILES, count_files, remove_files),
}
