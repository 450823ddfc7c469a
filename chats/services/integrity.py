"""What may be wrong with stored conversations, and how it is mended: for the validators (chats/health.py)."""

from typing import Any, Final

from django.db import connection, transaction

from chats.models import ChatModel, ContentChatModel, Sender
from chats.services.placing import place_in_order
from tenants.encryption.errors import SealError
from tenants.scope import current_tenant_id

CHATS_AT_ONCE: Final = 1_000
SILENT: Final = "interval '1 hour'"

COUNTED: Final = """
SELECT chat.id, coalesce(said.messages, 0) AS messages, coalesce(said.tokens, 0) AS tokens,
       coalesce(said.latest, 0) AS latest
FROM chats_chatmodel AS chat LEFT JOIN LATERAL (
    SELECT count(*) AS messages, sum(tokens_used) AS tokens, max(sequence) AS latest
    FROM chats_contentchatmodel AS said WHERE said.chat_id = chat.id) AS said ON true
WHERE chat.tenant_id = %(tenant)s AND chat.id = ANY(%(keys)s) AND chat.status <> 'deleted'
"""
# A number that was given and whose message is gone is a hole; one above the chat's own could not be given again.
WRONG_COUNTERS: Final = f"""
SELECT chat.id FROM chats_chatmodel AS chat JOIN ({COUNTED}) AS counted USING (id)
WHERE (chat.message_count, chat.total_tokens) <> (counted.messages, counted.tokens)
   OR chat.last_sequence < counted.latest OR chat.answered_sequence > chat.last_sequence
"""
COUNT_ANEW: Final = f"""
UPDATE chats_chatmodel AS chat SET message_count = counted.messages, total_tokens = counted.tokens,
    last_sequence = greatest(chat.last_sequence, counted.latest),
    answered_sequence = least(chat.answered_sequence, greatest(chat.last_sequence, counted.latest))
FROM ({COUNTED}) AS counted WHERE chat.id = counted.id
"""
HOLES: Final = f"""
SELECT chat.id FROM chats_chatmodel AS chat JOIN ({COUNTED}) AS counted USING (id)
WHERE chat.last_sequence <> counted.messages OR counted.latest > counted.messages
"""
EMPTY: Final = """
SELECT id FROM chats_chatmodel AS chat
WHERE tenant_id = %(tenant)s AND id = ANY(%(keys)s) AND status <> 'deleted'
  AND last_activity < now() - interval '1 day' AND created_at < now() - interval '1 day'
  AND NOT EXISTS (SELECT FROM chats_contentchatmodel AS said WHERE said.chat_id = chat.id)
"""
HIDE: Final = """
UPDATE chats_chatmodel SET status = 'deleted', is_active = false, owner_version = owner_version + 1
WHERE tenant_id = %(tenant)s AND id = ANY(%(keys)s)
"""
PERSONLESS: Final = """
SELECT id FROM chats_chatmodel
WHERE tenant_id = %(tenant)s AND id = ANY(%(keys)s) AND contact_id IS NULL AND user_id <> '' AND status <> 'deleted'
"""
FIND_PEOPLE: Final = """
WITH known AS (
    INSERT INTO chats_contact (tenant_id, channel, external_id, name, email, chat_address, labels, language,
                               last_activity, created_at)
    SELECT tenant_id, channel, user_id, '', '', '', '[]', '', max(last_activity), min(created_at)
    FROM chats_chatmodel WHERE tenant_id = %(tenant)s AND id = ANY(%(keys)s) GROUP BY tenant_id, channel, user_id
    ON CONFLICT (tenant_id, channel, external_id)
        DO UPDATE SET last_activity = greatest(chats_contact.last_activity, EXCLUDED.last_activity)
    RETURNING id, channel, external_id
)
UPDATE chats_chatmodel AS chat SET contact_id = known.id FROM known
WHERE chat.tenant_id = %(tenant)s AND chat.id = ANY(%(keys)s)
  AND (chat.channel, chat.user_id) = (known.channel, known.external_id)
"""
PERSONLESS_FROM: Final = """
SELECT id FROM chats_chatmodel
WHERE tenant_id = %(tenant)s AND id > %(after)s AND contact_id IS NULL AND user_id <> '' AND status <> 'deleted'
ORDER BY id LIMIT %(most)s
"""
UNDATED: Final = """
SELECT id FROM chats_chatmodel
WHERE tenant_id = %(tenant)s AND id = ANY(%(keys)s) AND status = 'archived' AND archived_at IS NULL
"""
DATE: Final = (
    "UPDATE chats_chatmodel SET archived_at = last_activity WHERE tenant_id = %(tenant)s AND id = ANY(%(keys)s)"
)
AT_REST: Final = f"""
SELECT id FROM chats_chatmodel AS chat
WHERE tenant_id = %(tenant)s AND id = ANY(%(keys)s) AND last_activity < now() - {SILENT}
  AND NOT EXISTS (SELECT FROM tenants_workitem AS work WHERE work.conversation = chat.id
                  AND work.tenant_id = chat.tenant_id AND work.state IN ('ready', 'leased'))
ORDER BY id FOR UPDATE
"""
SETTLE: Final = """
UPDATE chats_chatmodel SET last_sequence = %(count)s, message_count = %(count)s,
    answered_sequence = %(answered)s WHERE tenant_id = %(tenant)s AND id = %(chat)s
"""


def at_rest(chats: list[int]) -> list[int]:
    """Return those of some chats that nothing happens in, with their rows locked: silent for an hour, no work waits.

    An open page resumes by the number that it has seen, so only such a chat may be numbered anew.
    """
    with connection.cursor() as cursor:
        cursor.execute(AT_REST, {"tenant": current_tenant_id(), "keys": chats})
        return [row[0] for row in cursor.fetchall()]


def find_people() -> int:
    """Give the current tenant's conversations that came without their contact one, made from the ids that they hold.

    Each batch is a transaction of its own: call it outside of any. Returns how many conversations were given one.
    """
    found, keys = 0, [0]
    while keys:
        with transaction.atomic(), connection.cursor() as cursor:
            values: dict[str, Any] = {"tenant": current_tenant_id(), "after": keys[-1], "most": CHATS_AT_ONCE}
            cursor.execute(PERSONLESS_FROM, values)
            keys = [row[0] for row in cursor.fetchall()]
            cursor.execute(FIND_PEOPLE, {**values, "keys": keys})
        found += len(keys)
    return found


def close_holes(chats: list[int]) -> int:
    """Number the messages of chats at rest 1, 2, 3… again; return how many chats were."""
    return len(number_anew(at_rest(chats)))


def number_anew(chats: list[int]) -> list[int]:
    """Number the messages of chats, whose rows are locked, 1, 2, 3… again; return those that were.

    One with a sealed message that does not open stays as it is.
    """
    done = []
    for chat in ChatModel.objects.filter(pk__in=chats).order_by("pk"):
        messages = list(chat.contents.order_by("sequence"))
        answered = answered_up_to(messages, {chat.pk: chat.answered_sequence})
        try:
            place_in_order(chat.pk, messages)
        except SealError:
            continue
        settle(chat.pk, len(messages), answered=answered)
        done.append(chat.pk)
    return done


def answered_up_to(messages: list[ContentChatModel], answered: dict[int, int]) -> int:
    """Return how many of some messages, in their new order, come before the first that waits for its answer.

    `answered` tells up to which number each of their chats was answered, before they are numbered anew.
    """
    for number, row in enumerate(messages):
        if row.sender == Sender.USER and row.sequence > answered[row.chat_id]:
            return number
    return len(messages)


def settle(chat: int, count: int, *, answered: int) -> None:
    """Set a chat's counters to the so many messages that it has after they were numbered anew."""
    values: dict[str, Any] = {"tenant": current_tenant_id(), "chat": chat, "count": count, "answered": answered}
    with connection.cursor() as cursor:
        cursor.execute(SETTLE, values)
