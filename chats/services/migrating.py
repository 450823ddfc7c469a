"""Bringing historical conversations up to today's shape (chats-migrations.md, `ChatMigrationService`).

People, numbers, counters, titles and languages: what 0009 did for the rows of its time, for those that came into the
tables since by other ways. Each page of conversations is a transaction; run again, it finds nothing left.
"""

from collections.abc import Callable, Iterator
from typing import Final

from django.db import transaction
from django.db.models import Q
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from chats.models import ChatModel, ChatStatus, ContentChatModel, Sender
from chats.services import integrity
from chats.services.integrity import at_rest, number_anew
from chats.services.language import detect_language
from chats.services.messages import TITLE_LENGTH
from metrics.validators import Keys, by_sql, mend_by_sql
from tenants.encryption.errors import SealError

PAGE: Final = 500
OLD_SHAPES: Final[dict[str, str | Promise]] = {
    "person": _("no contact"),
    "numbers": _("messages not numbered 1, 2, 3…"),
    "counters": _("counters that do not say what it holds"),
    "title": _("no title"),
    "language": _("messages without a language"),
}


class ChatMigrationService:
    """Migrates the current tenant's conversations; `user_id` limits it to those of one person."""

    def validate_chat_data(self, user_id: str = "") -> list[str]:
        """Return one sentence for each conversation and old shape: `<chat id>: <what>`."""
        issues = []
        for keys in self._pages(user_id):
            with transaction.atomic():
                ids = dict(ChatModel.objects.filter(pk__in=keys).values_list("pk", "chat_id"))
                for shape, chats in old_shapes(keys).items():
                    issues += [f"{ids[key]}: {OLD_SHAPES[shape]}" for key in chats]
        return issues

    def migrate_user_chats(self, user_id: str) -> dict[str, int]:
        """Migrate one person's conversations; return `{"migrated": n}`."""
        return {"migrated": sum(self.migrate_pages(user_id))}

    def migrate_all_chats(self) -> dict[str, int]:
        """Migrate all conversations; return `{"migrated": n}`."""
        return {"migrated": sum(self.migrate_pages())}

    def migrate_pages(self, user_id: str = "") -> Iterator[int]:
        """Migrate page by page; yield how many conversations each changed."""
        for keys in self._pages(user_id):
            with transaction.atomic():
                locked = ChatModel.objects.select_for_update(no_key=True).filter(pk__in=keys).order_by("pk")
                yield len(_migrate(list(locked.values_list("pk", flat=True))))

    def _pages(self, user_id: str) -> Iterator[Keys]:
        last = 0
        while True:
            with transaction.atomic():
                rows = ChatModel.objects.filter(pk__gt=last).exclude(status=ChatStatus.DELETED).order_by("pk")
                rows = rows.filter(user_id=user_id) if user_id else rows
                keys = list(rows.values_list("pk", flat=True)[:PAGE])
            if not keys:
                return
            yield keys
            last = keys[-1]


def old_shapes(keys: Keys) -> dict[str, Keys]:
    """Return which of some conversations have which old shape, in the order in which they are migrated."""
    return {shape: find(keys) for shape, find in FINDERS.items()}


def _migrate(keys: Keys) -> set[int]:
    found = old_shapes(keys)
    mend_by_sql(integrity.FIND_PEOPLE)(found["person"])
    found["numbers"] = number_anew(at_rest(found["numbers"]))
    mend_by_sql(integrity.COUNT_ANEW)(found["counters"])
    for row in _openings(found["title"]):
        chat = row.chat
        chat.title = " ".join(row.content[:200].split())[:TITLE_LENGTH]
        chat.save(update_fields=["title"])
    for message in _languageless(found["language"]):
        if language := _language(message):
            message.language = language
            message.save(update_fields=["language"])
    return {key for chats in found.values() for key in chats}


def _openings(keys: Keys) -> list[ContentChatModel]:
    """Return the first messages of people that can be read, one of a chat."""
    said = ContentChatModel.objects.filter(chat_id__in=keys, sender=Sender.USER).exclude(content="")
    rows = said.order_by("chat_id", "sequence").distinct("chat_id").select_related("chat")
    return [row for row in rows if _text(row).strip()]


def _untitled(keys: Keys) -> Keys:
    chats = ChatModel.objects.filter(pk__in=keys, title="").values_list("pk", flat=True)
    return [row.chat_id for row in _openings(list(chats))]


def _languageless(keys: Keys) -> list[ContentChatModel]:
    rows = ContentChatModel.objects.filter(~Q(content=""), chat_id__in=keys, language="")
    return list(rows.order_by("pk"))


def _without_language(keys: Keys) -> Keys:
    return sorted({row.chat_id for row in _languageless(keys) if _language(row)})


def _language(row: ContentChatModel) -> str:
    text = _text(row)
    return detect_language(text) if text else ""


def _text(row: ContentChatModel) -> str:
    """Return what was said; empty when it does not open."""
    try:
        return str(row.content)
    except SealError:
        return ""


FINDERS: Final[dict[str, Callable[[Keys], Keys]]] = {
    "person": by_sql(integrity.PERSONLESS),
    "numbers": by_sql(integrity.HOLES),
    "counters": by_sql(integrity.WRONG_COUNTERS),
    "title": _untitled,
    "language": _without_language,
}
