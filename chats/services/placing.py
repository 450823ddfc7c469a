"""Giving messages another place: another number in their chat, or another chat. Used for rows that are at rest.

A sealed text is bound to its chat and number (decision 14), so it is opened at the old place and sealed at the new one.
"""

from typing import Any, Final

from django.db import connection

from chats.models import ContentChatModel
from tenants.scope import current_tenant_id

# The numbers go through negative ones, for the constraint on (chat, sequence) is checked row by row.
MOVE: Final = """
UPDATE chats_contentchatmodel AS old SET chat_id = new.chat_id, sequence = -new.sequence,
    content = coalesce(new.content, old.content), encryption_key_id = coalesce(new.key, old.encryption_key_id),
    client_message_id = CASE WHEN new.is_named THEN old.client_message_id ELSE '' END
FROM unnest(%(ids)s::bigint[], %(chats)s::bigint[], %(sequences)s::integer[], %(contents)s::text[], %(keys)s::text[],
    %(named)s::boolean[]) AS new (id, chat_id, sequence, content, key, is_named)
WHERE old.id = new.id AND old.tenant_id = %(tenant)s
"""
SETTLE: Final = """
UPDATE chats_contentchatmodel SET sequence = -sequence
WHERE tenant_id = %(tenant)s AND chat_id = %(chat)s AND sequence < 0
"""


def place_in_order(chat: int, messages: list[ContentChatModel]) -> int:
    """Number messages 1, 2, 3… in a chat, in the caller's transaction and lock; return how many changed their place.

    `messages` are all that the chat will have, in order; some may be of other chats. SealError, with nothing changed,
    when one has to be sealed anew and does not open. An id that a client gave to two of them stays with the first.
    """
    moved = [(row, number) for number, row in enumerate(messages, 1) if (row.chat_id, row.sequence) != (chat, number)]
    named = _first_of_their_name(messages)
    places = [_placed(row, chat, number, is_named=row.pk in named) for row, number in moved]
    if places:
        columns = dict(
            zip(("ids", "chats", "sequences", "contents", "keys", "named"), zip(*places, strict=True), strict=True)
        )
        values = {name: list(column) for name, column in columns.items()}
        with connection.cursor() as cursor:
            cursor.execute(MOVE, {**values, "tenant": current_tenant_id()})
            cursor.execute(SETTLE, {"chat": chat, "tenant": current_tenant_id()})
    return len(places)


def _first_of_their_name(messages: list[ContentChatModel]) -> set[int]:
    first: dict[str, int] = {}
    for row in messages:
        first.setdefault(row.client_message_id or f"unnamed {row.pk}", row.pk)
    return set(first.values())


def _placed(row: ContentChatModel, chat: int, number: int, *, is_named: bool) -> tuple[Any, ...]:
    """Return a row's new place, with its text where that is sealed."""
    content = key = None
    if row.is_encrypted:
        text = row.content  # opened where it was; SealError when it does not open
        row.chat_id, row.sequence = chat, number
        content = row.to_store(row.sealed_field("content"), text)
        key = row.encryption_key_id
    return row.pk, chat, number, content, key, is_named
