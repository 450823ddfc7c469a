"""Conversations that were begun twice: the same person, agent and opening, close in time (commands.md)."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from django.db import connection, transaction

from chats.models import ChatModel, ContentChatModel, Sender
from tenants.encryption.errors import SealError
from tenants.scope import current_tenant_id

PAGE: Final = 2_000
PAIRS: Final = """
SELECT earlier.id, later.id FROM chats_chatmodel AS later JOIN chats_chatmodel AS earlier
    ON earlier.tenant_id = later.tenant_id AND earlier.contact_id = later.contact_id
    AND earlier.agent_id IS NOT DISTINCT FROM later.agent_id AND earlier.channel = later.channel
    AND earlier.created_at >= later.created_at - %(window)s
    AND (earlier.created_at, earlier.id) < (later.created_at, later.id)
WHERE later.tenant_id = %(tenant)s AND later.id = ANY(%(keys)s) AND NOT later.is_group AND NOT earlier.is_group
  AND later.status <> 'deleted' AND earlier.status <> 'deleted'
ORDER BY 2, 1
"""


@dataclass(frozen=True)
class Duplicates:
    """Conversations that are one, the oldest first: their keys, and the ids by which people know them."""

    keys: tuple[int, ...]
    chat_ids: tuple[UUID, ...]
    messages: int


def find_duplicates(window: timedelta) -> list[Duplicates]:
    """Return the current tenant's conversations that were begun again within `window`, in short transactions."""
    roots: dict[int, int] = {}
    for earlier, later in _same_openings(window):
        one, other = _root(roots, earlier), _root(roots, later)
        roots[max(one, other)] = roots.setdefault(min(one, other), min(one, other))
    groups: dict[int, list[int]] = {}
    for key in sorted(roots):
        groups.setdefault(_root(roots, key), []).append(key)
    return list(_described(groups.values()))


def _root(roots: dict[int, int], key: int) -> int:
    while (above := roots.setdefault(key, key)) != key:
        key = above
    return key


def _same_openings(window: timedelta) -> Iterator[tuple[int, int]]:
    last = 0
    while True:
        with transaction.atomic():
            rows = ChatModel.objects.filter(pk__gt=last).order_by("pk")
            keys = list(rows.values_list("pk", flat=True)[:PAGE])
            pairs = _pairs(keys, window) if keys else []
            openings = _openings({key for pair in pairs for key in pair})
        yield from (pair for pair in pairs if openings.get(pair[0]) and openings[pair[0]] == openings.get(pair[1]))
        if len(keys) < PAGE:
            return
        last = keys[-1]


def _pairs(keys: list[int], window: timedelta) -> list[tuple[int, int]]:
    values: dict[str, Any] = {"tenant": current_tenant_id(), "keys": keys, "window": window}
    with connection.cursor() as cursor:
        cursor.execute(PAIRS, values)
        return list(cursor.fetchall())


def _openings(chats: set[int]) -> dict[int, str]:
    """Return what each chat's person wrote first, without regard to spaces and case."""
    said = ContentChatModel.objects.filter(chat_id__in=chats, sender=Sender.USER)
    found = {}
    for row in said.order_by("chat_id", "sequence").distinct("chat_id"):
        try:
            found[row.chat_id] = " ".join(row.content.casefold().split())
        except SealError:
            continue
    return found


def _described(groups: Iterable[list[int]]) -> Iterator[Duplicates]:
    for keys in groups:
        with transaction.atomic():
            rows = ChatModel.objects.filter(pk__in=keys).order_by("created_at", "pk")
            chats = list(rows.values_list("pk", "chat_id", "message_count"))
        if len(chats) > 1:
            yield Duplicates(
                tuple(key for key, _id, _count in chats),
                tuple(chat_id for _key, chat_id, _count in chats),
                sum(count for _key, _id, count in chats),
            )
