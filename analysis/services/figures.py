"""The figures of a conversation, computed from its rows by one statement however often it is asked for."""

from typing import Any, Final

from django.db import connection

from analysis.models import ConversationAnalytics
from analysis.services.summaries import transcript_of
from analysis.summaries import topics
from chats.models import ChatModel
from tenants.scope import current_tenant_id

# How soon an old mood fades: a message weighs half of one that came this many messages later.
HALF_LIFE: Final = 5
WINDOW: Final = 50
LONGEST_TOPIC: Final = 200

SCORE: Final = f"""
SELECT sum(score * weight) / sum(weight) FROM (
    SELECT score, power(0.5, (row_number() OVER (ORDER BY message_id DESC) - 1) / {HALF_LIFE}.0) AS weight
    FROM analysis_sentimentchatmodel WHERE chat_id = chat.id ORDER BY message_id DESC LIMIT {WINDOW}) AS recent
"""

# A wait begins with the first message that a person writes after a reply and ends with the next reply; that a
# colleague is on the way (`handover`) is told, but it is no reply.
FIGURES: Final = f"""
WITH said AS (
    SELECT sequence, timestamp, sender = 'user' AS asks, sender = 'staff' AS by_staff,
        count(*) FILTER (WHERE sender <> 'user') OVER (ORDER BY sequence) AS replies
    FROM chats_contentchatmodel
    WHERE chat_id = %(chat)s AND sender <> 'system' AND NOT metadata @> '{{"kind": "handover"}}'
), waits AS (
    SELECT replies + 1 AS reply, min(timestamp) AS since FROM said WHERE asks GROUP BY replies
), times AS (
    SELECT reply, greatest(0, extract(epoch FROM said.timestamp - since) * 1000) AS ms
    FROM waits JOIN said ON said.replies = waits.reply AND NOT said.asks
), found AS (
    SELECT chat.id, chat.tenant_id, chat.agent_id, chat.created_at, chat.last_sequence, ({SCORE}) AS score,
        (SELECT intent_id FROM analysis_messageintent WHERE chat_id = chat.id AND intent_id IS NOT NULL
         GROUP BY intent_id ORDER BY count(*) DESC, max(message_id) DESC LIMIT 1) AS intent_id,
        (SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY ms) FROM times) AS median_ms,
        (SELECT ms FROM times ORDER BY reply LIMIT 1) AS first_ms,
        CASE WHEN chat.is_active THEN 'none'
             WHEN EXISTS (SELECT FROM said WHERE by_staff) THEN 'staff'
             WHEN EXISTS (SELECT FROM said WHERE NOT asks) THEN 'agent' ELSE 'none' END AS resolved_by
    FROM chats_chatmodel AS chat WHERE chat.id = %(chat)s
)
INSERT INTO analysis_conversationanalytics AS had
    (id, tenant_id, chat_id, agent_id, began_at, sentiment_score, topic_classification, main_intent_id,
     response_time_ms, first_response_ms, comment, escalated, escalation_reason, resolved_by, through_sequence,
     created_at, updated_at)
SELECT uuidv7(), tenant_id, id, agent_id, created_at, round(score, 2), %(topic)s, intent_id,
       round(median_ms), round(first_ms), '', false, '', resolved_by, last_sequence, now(), now()
FROM found
ON CONFLICT (chat_id) DO UPDATE SET
    agent_id = EXCLUDED.agent_id, began_at = EXCLUDED.began_at, sentiment_score = EXCLUDED.sentiment_score,
    topic_classification = EXCLUDED.topic_classification, main_intent_id = EXCLUDED.main_intent_id,
    response_time_ms = EXCLUDED.response_time_ms, first_response_ms = EXCLUDED.first_response_ms,
    resolved_by = EXCLUDED.resolved_by, through_sequence = EXCLUDED.through_sequence, updated_at = now()
WHERE had.through_sequence <= EXCLUDED.through_sequence
"""

ESCALATED: Final = """
INSERT INTO analysis_conversationanalytics AS had
    (id, tenant_id, chat_id, agent_id, began_at, comment, escalated, escalation_reason, topic_classification,
     created_at, updated_at)
VALUES (uuidv7(), %(tenant)s, %(chat)s, %(agent)s, %(began)s, '', true, %(reason)s, '', now(), now())
ON CONFLICT (chat_id) DO UPDATE SET escalated = true, updated_at = now(),
    escalation_reason = CASE WHEN had.escalated THEN had.escalation_reason ELSE EXCLUDED.escalation_reason END
"""


def refresh_figures(chat: ChatModel) -> None:
    """Compute a conversation's figures in the caller's transaction and store them; rating and escalation stay."""
    with connection.cursor() as cursor:
        cursor.execute(FIGURES, {"chat": chat.pk, "topic": _topic(chat)})


def _topic(chat: ChatModel) -> str:
    transcript = transcript_of(chat)
    if transcript.is_encrypted:  # its words are the messages' own, and stand in a column that is searched
        return ""
    lines = transcript.lines
    found = topics([line.text for line in lines if line.by_person], [line.text for line in lines if not line.by_person])
    return ", ".join(found)[:LONGEST_TOPIC]


def figures_of(chat: ChatModel) -> ConversationAnalytics:
    """Return a conversation's figures as of now, in the caller's transaction: stored ones unless something happened."""
    found = _stored(chat)
    if found is None or not _is_up_to_date(found, chat):
        refresh_figures(chat)
        found = _stored(chat)
    if found is None:
        raise ConversationAnalytics.DoesNotExist(f"The chat {chat.pk} is gone.")
    return found


def _stored(chat: ChatModel) -> ConversationAnalytics | None:
    return ConversationAnalytics.objects.select_related("main_intent", "agent").filter(chat=chat).first()


def _is_up_to_date(found: ConversationAnalytics, chat: ChatModel) -> bool:
    """Tell whether nothing happened since: no message, no change of the chat, no mood that was found late."""
    if found.through_sequence != chat.last_sequence or found.updated_at < chat.updated_at:
        return False
    latest = chat.sentiments.order_by("-message_id").values_list("created_at", flat=True).first()
    return latest is None or latest <= found.updated_at


def note_escalation(chat: ChatModel, reason: str) -> None:
    """Remember that a conversation was handed to the staff, and why at first, in the caller's transaction."""
    values: dict[str, Any] = {
        "tenant": current_tenant_id(),
        "chat": chat.pk,
        "agent": chat.agent_id,
        "began": chat.created_at,
        "reason": reason[:40],
    }
    with connection.cursor() as cursor:
        cursor.execute(ESCALATED, values)


def chat_sentiment(chat: ChatModel) -> float | None:
    """Return the mood of a conversation, -1 to 1, late messages weighing more; None when nothing is known."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT ({SCORE}) FROM chats_chatmodel AS chat WHERE chat.id = %s", [chat.pk])
        row = cursor.fetchone()
    return round(float(row[0]), 2) if row and row[0] is not None else None
