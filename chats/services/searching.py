"""Search in messages and chats, newest first; sealed messages are found by the keyed hashes of their words."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django.db import connection
from django.db.models import Q, QuerySet

from chats.models import ChatModel, ContentChatModel
from chats.services.excerpts import Piece, excerpt
from chats.services.search_terms import Search, read_search
from tenants.encryption import SealError
from tenants.models import DataKey
from tenants.scope import current_tenant_id

BEGINNING: Final = 2**62
# A search for chats reads so many of the latest messages that match.
MOST_MESSAGES: Final = 10_000
# Messages with a word that a conversation has, as a rule, when one has it; and titles looked at for one that is found.
PER_CHAT: Final = 2
# Phrases in sealed messages are read after they are opened: so many pages are looked through for one.
MOST_PAGES: Final = 20

SEARCH: Final = "SELECT id, chat_id FROM charla_search_messages(%s::jsonb, %s, %s, %s::uuid, %s, %s, %s)"
NAMES: Final = "SELECT chat_key, contact_key FROM charla_search_names(%s::text[], %s, %s)"


@dataclass(frozen=True, kw_only=True)
class Filters:
    """What the messages must be besides."""

    chat_id: UUID | None = None
    sender: str | None = None
    after: datetime | None = None
    before: datetime | None = None


@dataclass(frozen=True)
class Hit:
    """A message that was found, with the part of it that has the words."""

    message: ContentChatModel
    excerpt: list[Piece]


@dataclass(frozen=True)
class Hits:
    """A page of what was found; `next` is where the next one begins, None at the end."""

    hits: list[Hit]
    next: int | None


def search_messages(*, query: str, filters: Filters, size: int, before: int | None = None) -> Hits:
    """Return the latest messages of the current tenant that match, older than the message `before`.

    Needs the tenant's scope and a transaction. A message that does not open is left out.
    """
    search, start = read_search(query), before or BEGINNING
    found: list[ContentChatModel] = []
    for _page in range(MOST_PAGES):
        ids = [message_id for message_id, _chat in _ask(search, filters, start, size + 1)]
        found += [message for message in _read(ids) if _fits(search, message)]
        start = ids[-1] if ids else start
        if len(found) > size or len(ids) <= size:
            more = len(found) > size
            return Hits(_hits(search, found[:size]), found[size - 1].pk if more else None)
    return Hits(_hits(search, found), start)


def search_chats(*, query: str, filters: Filters, size: int, before: int | None = None) -> Hits:
    """Return the chats with the latest matching messages, each once; `before` is the last page's `next`."""
    search = read_search(query)
    latest: dict[int, int] = {}
    for message_id, chat_pk in _ask(search, filters, BEGINNING, MOST_MESSAGES):
        latest.setdefault(chat_pk, message_id)
    left = [message_id for message_id in latest.values() if message_id < (before or BEGINNING)]
    shown = left[:size]
    messages = [message for message in _read(shown) if _fits(search, message)]
    return Hits(_hits(search, messages), shown[-1] if len(left) > size else None)


def chats_found(chats: "QuerySet[ChatModel]", query: str, most: int) -> "QuerySet[ChatModel]":
    """Return the latest of some chats that are meant: by words of the messages, parts of title or person, the number.

    Each way is asked for by itself, so that what follows reads by keys. Of each the latest are looked at, however many
    there are.
    """
    wanted = most * PER_CHAT
    said = {chat_pk for _message, chat_pk in _ask(read_search(query), Filters(), BEGINNING, wanted)}
    titled = _names(query, of_people=False, most=wanted)
    meant = Q(pk__in=said.union(titled)) | Q(contact__in=_names(query, of_people=True, most=most))
    if _is_uuid(query):
        meant |= Q(chat_id=query)
    latest = chats.filter(meant).order_by("-last_activity").values_list("pk", flat=True)[:most]
    return chats.filter(pk__in=list(latest))


def _names(query: str, *, of_people: bool, most: int) -> list[Any]:
    """Return the keys of the latest chats or people whose names have all the words as parts, accents aside."""
    with connection.cursor() as cursor:
        cursor.execute(NAMES, [query.split(), of_people, most])
        return [contact if of_people else chat for chat, contact in cursor.fetchall()]


def _is_uuid(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True


def _ask(search: Search, filters: Filters, before: int, wanted: int) -> list[tuple[int, int]]:
    if not search:
        return []
    has_sealed = DataKey.objects.filter(tenant_id=current_tenant_id()).exists()
    asked = json.dumps(search.asked(current_tenant_id(), with_keys=has_sealed))
    parameters: list[Any] = [asked, before, wanted, filters.chat_id, filters.sender, filters.after, filters.before]
    with connection.cursor() as cursor:
        cursor.execute(SEARCH, parameters)
        return list(cursor.fetchall())


def _read(ids: Iterable[int]) -> list[ContentChatModel]:
    rows = ContentChatModel.objects.select_related("chat", "chat__agent", "author").filter(id__in=list(ids))
    return list(rows.order_by("-id"))


def _fits(search: Search, message: ContentChatModel) -> bool:
    """Tell whether a sealed message is what was asked for, where the keys of its words cannot."""
    if not message.is_encrypted:
        return True
    try:
        text = message.content
    except SealError:
        return False
    return not search.must_be_read or search.of(message.language).fits(text)


def _hits(search: Search, messages: Iterable[ContentChatModel]) -> list[Hit]:
    return [Hit(message, excerpt(message.content, search.of(message.language))) for message in messages]
