"""Content in old shapes becomes rows of its own (chats-migrations.md, "Migración de Contenido").

Migration 0005 moved the column `content`. What is left over is what came in since: a conversation whose `settings` or
`agent_settings` hold a `content` or a list of `messages`, as older programs and foreign dumps write them, or a table
that was restored with the column.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from django.db import connection, transaction
from django.db.models import Q
from django.utils.dateparse import parse_datetime

from chats.models import ChatModel, ContentChatModel, Sender
from chats.services.integrity import settle
from chats.services.language import detect_language
from chats.services.placing import place_in_order
from chats.services.validation import is_visible
from chats.signals.muting import muted_signals
from tenants.scope import current_tenant_id

BATCH: Final = 100
FIELDS: Final = ("settings", "agent_settings")
KEYS: Final = ("content", "messages")
ROLES: Final = {"user": Sender.USER, "human": Sender.USER, "assistant": Sender.AGENT, "bot": Sender.AGENT}
HAS_COLUMN: Final = """
SELECT EXISTS (SELECT FROM information_schema.columns WHERE table_schema = 'public'
               AND table_name = 'chats_chatmodel' AND column_name = 'content')
"""
IN_COLUMN: Final = """
SELECT id, content FROM chats_chatmodel
WHERE tenant_id = %(tenant)s AND id > %(last)s AND coalesce(content, '') <> '' ORDER BY id LIMIT %(batch)s
"""
TAKEN_OUT: Final = "UPDATE chats_chatmodel SET content = '' WHERE tenant_id = %(tenant)s AND id = ANY(%(keys)s)"


@dataclass(frozen=True)
class Moved:
    """What one transaction did: the conversations that had something, and the messages that they got."""

    chats: int
    messages: int


@dataclass(frozen=True)
class _Said:
    sender: str
    text: str
    when: datetime


def move_old_contents(*, dry_run: bool = False) -> Iterator[Moved]:
    """Move what the current tenant's conversations hold in old shapes into messages; yield what each batch did."""
    last = 0
    while True:
        with transaction.atomic():
            column = _in_column(last)
            rows = ChatModel.objects.filter(_has_old() | Q(pk__in=[*column]), pk__gt=last).order_by("pk")
            chats = list((rows if dry_run else rows.select_for_update(of=("self",)))[:BATCH])
            if not chats:
                return
            texts = {chat.pk: [*_in_settings(chat), *_text_of(column.get(chat.pk), chat)] for chat in chats}
            if not dry_run:
                for chat in chats:
                    _move(chat, texts[chat.pk])
                _take_out([key for key in column if key <= chats[-1].pk])
        last = chats[-1].pk
        yield Moved(len(chats), sum(map(len, texts.values())))


def _has_old() -> Q:
    found = Q()
    for field in FIELDS:
        found |= Q(**{f"{field}__has_any_keys": list(KEYS)})
    return found


def _in_column(last: int) -> dict[int, str]:
    values: dict[str, Any] = {"tenant": current_tenant_id(), "last": last, "batch": BATCH}
    with connection.cursor() as cursor:
        cursor.execute(HAS_COLUMN)
        if not cursor.fetchone()[0]:
            return {}
        cursor.execute(IN_COLUMN, values)
        return dict(cursor.fetchall())


def _take_out(keys: list[int]) -> None:
    if keys:
        with connection.cursor() as cursor:
            cursor.execute(TAKEN_OUT, {"tenant": current_tenant_id(), "keys": keys})


def _in_settings(chat: ChatModel) -> Iterator[_Said]:
    for field in FIELDS:
        held = getattr(chat, field)
        yield from _text_of(held.get("content"), chat)
        messages = held.get("messages")
        for entry in messages if isinstance(messages, list) else []:
            yield from _entry(entry, chat)


def _text_of(text: Any, chat: ChatModel, sender: str = Sender.USER, when: datetime | None = None) -> Iterator[_Said]:
    """Yield a text that shows something; other values are settings of that name, or nothing."""
    if isinstance(text, str) and any(map(is_visible, text)):
        yield _Said(sender, text.replace("\x00", ""), when or chat.created_at)


def _entry(entry: Any, chat: ChatModel) -> Iterator[_Said]:
    if isinstance(entry, str):
        yield from _text_of(entry, chat)
    elif isinstance(entry, dict):
        said = str(entry.get("sender") or entry.get("role") or "")
        sender = ROLES.get(said, Sender(said) if said in Sender.values else Sender.USER)
        text = next((entry[name] for name in ("content", "text", "message") if entry.get(name)), None)
        yield from _text_of(text, chat, sender, _time(entry.get("timestamp") or entry.get("created_at")))


def _time(value: Any) -> datetime | None:
    """Return a time that is written as ISO 8601 or in seconds or milliseconds since 1970; None for anything else."""
    try:
        if isinstance(value, int | float) and not isinstance(value, bool):
            return datetime.fromtimestamp(value / 1000 if value > 1e11 else value, tz=UTC)
        found = parse_datetime(value) if isinstance(value, str) else None
    except (ValueError, OverflowError, OSError):
        return None
    return found.replace(tzinfo=UTC) if found and found.tzinfo is None else found


def _move(chat: ChatModel, texts: list[_Said]) -> None:
    """Store the texts among the chat's messages by their time, and take them out of its settings."""
    had = list(chat.contents.order_by("sequence"))
    with muted_signals():
        added = [
            ContentChatModel.objects.create(
                chat=chat, sequence=chat.last_sequence + number, content=said.text, sender=said.sender,
                timestamp=said.when, language=detect_language(said.text),
            )
            for number, said in enumerate(texts, 1)
        ]  # fmt: skip
    answered = {row.pk: row.sequence <= chat.answered_sequence for row in had}
    messages = sorted([*added, *had], key=lambda row: (row.timestamp, answered.get(row.pk) is not None, row.pk))
    waiting = {row.pk for row in had if answered[row.pk] is False and row.sender == Sender.USER}
    place_in_order(chat.pk, messages)
    up_to = next((number for number, row in enumerate(messages) if row.pk in waiting), len(messages))
    settle(chat.pk, len(messages), answered=up_to)
    without = {
        field: {key: value for key, value in getattr(chat, field).items() if key not in KEYS} for field in FIELDS
    }
    ChatModel.objects.filter(pk=chat.pk).update(**without)
