"""How conversations run: when people write, how long it takes, what about, where they leave, what stays unanswered."""

from datetime import timedelta
from typing import Any, Final

from django.db import connection, transaction
from django.utils import timezone

from chats.models import ChatStatus, ContentChatModel, Sender
from tenants.models import TenantModel
from tenants.scope import current_tenant_id

MOST_QUESTIONS: Final = 10
LONGEST_QUESTION: Final = 120
LENGTHS: Final = (2, 5, 10, 20, 50)  # the last number of messages of each class but the last
SINCE: Final = "tenant_id = %(tenant)s AND {} >= %(since)s"
HOURS: Final = f"""
SELECT extract(isodow FROM timestamp AT TIME ZONE %(zone)s)::int AS weekday,
       extract(hour FROM timestamp AT TIME ZONE %(zone)s)::int AS hour, count(*) AS messages
FROM chats_contentchatmodel WHERE {SINCE.format("timestamp")} AND sender = 'user' GROUP BY 1, 2 ORDER BY 3 DESC, 1, 2
"""
HELD: Final = f"""
SELECT count(*) AS conversations, count(DISTINCT contact_id) AS people, round(avg(message_count), 1)::float8 AS mean,
    percentile_cont(0.5) WITHIN GROUP (ORDER BY message_count) AS median, max(message_count) AS longest
FROM chats_chatmodel WHERE {SINCE.format("created_at")} AND status <> 'deleted'
"""
BY_LENGTH: Final = f"""
SELECT width_bucket(message_count - 1, %(lengths)s) AS class, count(*) AS conversations
FROM chats_chatmodel WHERE {SINCE.format("created_at")} AND status <> 'deleted' AND message_count > 0
GROUP BY class ORDER BY class
"""
INTENTS: Final = f"""
SELECT intent.name, count(*) AS messages FROM analysis_messageintent AS found
LEFT JOIN analysis_intent AS intent ON intent.tenant_id = found.tenant_id AND intent.id = found.intent_id
WHERE {SINCE.format("found.timestamp").replace("tenant_id", "found.tenant_id", 1)}
GROUP BY intent.name ORDER BY messages DESC, intent.name
"""
# Who had the last word in conversations that nobody ended, after how many messages of the person.
LEFT_AT: Final = f"""
SELECT last.sender, least(said.count, 6) AS wrote, count(*) AS conversations
FROM chats_chatmodel AS chat
CROSS JOIN LATERAL (SELECT sender FROM chats_contentchatmodel WHERE chat_id = chat.id AND sender <> 'system'
                    ORDER BY sequence DESC LIMIT 1) AS last
CROSS JOIN LATERAL (SELECT count(*) FROM chats_contentchatmodel WHERE chat_id = chat.id AND sender = 'user') AS said
LEFT JOIN analysis_conversationanalytics AS figures ON figures.chat_id = chat.id
WHERE {SINCE.format("chat.created_at").replace("tenant_id", "chat.tenant_id", 1)} AND chat.status <> 'deleted'
  AND chat.last_activity < now() - interval '1 hour' AND figures.user_satisfaction_rating IS NULL
GROUP BY last.sender, wrote ORDER BY conversations DESC, wrote, last.sender
"""
UNKNOWN: Final = f"""
SELECT count(*) AS replies, count(DISTINCT chat_id) AS conversations,
    (array_agg(in_response_to_id ORDER BY id DESC) FILTER (WHERE in_response_to_id IS NOT NULL))[1:100] AS asked
FROM chats_contentchatmodel
WHERE {SINCE.format("timestamp")} AND sender = 'agent' AND metadata @> '{{"kind": "unknown"}}'
"""
REASONS: Final = f"""
SELECT escalation_reason AS reason, count(*) AS conversations FROM analysis_conversationanalytics
WHERE {SINCE.format("began_at")} AND escalated GROUP BY reason ORDER BY conversations DESC, reason
"""


def conversation_patterns(tenant: TenantModel, days: int) -> dict[str, Any]:
    """Return how the current tenant's conversations of the last `days` ran; hours are the tenant's, weekdays 1 to 7.

    `dropped_out` counts silent conversations without a rating by who wrote last and how often the person wrote (6: or
    more). Questions that agents could not answer are quoted where they are stored in clear, the latest first.
    """
    values = {
        "tenant": current_tenant_id(), "zone": tenant.timezone, "lengths": list(LENGTHS),
        "since": timezone.now() - timedelta(days=days),
    }  # fmt: skip
    hours = _ask(HOURS, values)
    return {
        "days": days,
        **_ask(HELD, values)[0],
        "lengths": [
            {"messages": _class(row["class"]), "conversations": row["conversations"]} for row in _ask(BY_LENGTH, values)
        ],
        "busiest": hours[:5],
        "hours": hours,
        "intents": _ask(INTENTS, values),
        "dropped_out": _ask(LEFT_AT, values),
        "unanswered": _unanswered(_ask(UNKNOWN, values)[0]),
        "handed_over": _ask(REASONS, values),
    }


def _class(number: int) -> str:
    """Return how many messages a class of lengths has, as people write it."""
    first = LENGTHS[number - 1] + 1 if number else 1
    return f"{first}–{LENGTHS[number]}" if number < len(LENGTHS) else f"{first}+"


def _unanswered(row: dict[str, Any]) -> dict[str, Any]:
    """Return how often agents did not know, and clear questions of those; sealed ones are counted alone."""
    with transaction.atomic():
        asked = ContentChatModel.objects.filter(pk__in=row["asked"] or [], sender=Sender.USER)
        rows = list(asked.exclude(chat__status=ChatStatus.DELETED).order_by("-pk"))
    texts = [" ".join(message.content.split())[:LONGEST_QUESTION] for message in rows if not message.is_encrypted]
    return {
        "replies": row["replies"],
        "conversations": row["conversations"],
        "questions": list(dict.fromkeys(text for text in texts if text))[:MOST_QUESTIONS],
        "encrypted": sum(message.is_encrypted for message in rows),
    }


def _ask(query: str, values: dict[str, Any]) -> list[dict[str, Any]]:
    """Ask in a transaction of its own: several seconds each on large data, and not in one."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(query, values)
        names = [column.name for column in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
