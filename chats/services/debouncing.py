"""Waiting for the rest of what a person writes (decision 8): one reply to a burst, not one to each piece."""

from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from django.db import connection
from django.db.models.functions import Now

from chats.models import MessageBuffer
from tenants.scope import current_tenant_id
from tenants.services.config import setting
from tenants.services.debounce import STEADY_STREAM, debounce_of

# A burst that is over (its reply may have begun) is not added to: what comes now begins another one. Silence is counted
# from the moment at which the piece is stored, not from the beginning of its transaction, which may have waited.
HOLD: Final = """
INSERT INTO chats_messagebuffer AS held
    (id, tenant_id, contact_id, messages, first_message_at, expires_at, created_at, updated_at)
VALUES (uuidv7(), %(tenant)s, %(contact)s, jsonb_build_array(jsonb_build_object('message', %(message)s::text,
        'chat', %(chat)s::text)), statement_timestamp(), statement_timestamp() + %(wait)s * interval '1 second', now(),
    now())
ON CONFLICT (contact_id) DO UPDATE SET updated_at = now(),
    messages = CASE WHEN held.expires_at <= now() THEN EXCLUDED.messages ELSE held.messages || EXCLUDED.messages END,
    first_message_at = CASE WHEN held.expires_at <= now() THEN EXCLUDED.first_message_at
        ELSE held.first_message_at END,
    expires_at = CASE WHEN held.expires_at <= now() THEN EXCLUDED.expires_at ELSE
        least(EXCLUDED.expires_at, held.first_message_at + %(longest)s * interval '1 second') END
RETURNING greatest(0, extract(epoch FROM expires_at - now()))
"""
# What is due already stays due: it will be answered together with what came since.
POSTPONE: Final = """
UPDATE tenants_workitem SET run_after = now() + %s * interval '1 second'
WHERE conversation = %s AND kind = 'turn' AND state = 'ready' AND attempts = 0 AND run_after > now()
"""
STALE: Final = timedelta(minutes=5)


def debounce_on(channel: str) -> float:
    """Return how many seconds of silence the reply waits for on a channel, 0 where people write it all at once."""
    return debounce_of(setting(current_tenant_id(), "response_debounce"), channel)


def hold(*, contact_id: UUID | None, chat_pk: int, chat_id: UUID, message_pk: int, debounce: float) -> float:
    """Add a message to its burst, in the caller's transaction; return in how many seconds the reply may begin.

    The turns of the burst's earlier messages wait as long. The transaction holds the chat's row lock.
    """
    wait = debounce
    with connection.cursor() as cursor:
        if contact_id is not None:
            values: dict[str, Any] = {
                "tenant": current_tenant_id(),
                "contact": contact_id,
                "message": message_pk,
                "chat": chat_id,
                "wait": debounce,
                "longest": debounce * STEADY_STREAM,
            }
            cursor.execute(HOLD, values)
            wait = float(cursor.fetchone()[0])
        cursor.execute(POSTPONE, [wait, chat_pk])
    return wait


def let_go(contact_id: UUID | None) -> None:
    """Forget a burst that was answered; one that goes on stays."""
    if contact_id is not None:
        MessageBuffer.objects.filter(contact_id=contact_id, expires_at__lte=Now()).delete()


def forget_burst(contact_id: UUID | None) -> None:
    """Forget a burst whose conversation ended."""
    if contact_id is not None:
        MessageBuffer.objects.filter(contact_id=contact_id).delete()


def remove_stale() -> int:
    """Remove the current tenant's buffers that ended five minutes ago; return how many."""
    removed, _by_model = MessageBuffer.objects.filter(expires_at__lt=Now() - STALE).delete()
    return removed
