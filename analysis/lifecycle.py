"""What the analysis brings to the demo: moods, intents, summaries, ratings and figures of its conversations."""

from itertools import cycle
from typing import Any, Final

from django.db import connection

from analysis.demo import COMMENTS, INTENTS, RATINGS
from analysis.models import ConversationAnalytics, Intent
from analysis.samples import store_findings_of
from analysis.services.bulk import Selection, analyze_all
from analysis.services.figures import note_escalation, refresh_figures
from analysis.services.intent_training import relearn
from analysis.services.intents import classifier_in_use
from analysis.services.retraining import order_training
from analysis.services.summaries import keep, transcript_of, write_extract
from chats.lifecycle import DEMO_LABEL
from chats.models import ChatModel, ChatStatus
from chats.samples.storing import followers
from tenants.lifecycle import CleanupKind, Person, cleanup_steps, demo_steps, erasure_steps
from tenants.models import TenantModel
from tenants.scope import current_tenant_id
from tenants.services.ageing import AgedTable

FORGET: Final = (
    "DELETE FROM analysis_conversationsummary WHERE tenant_id = %s AND chat_id = ANY(%s)",
    "UPDATE analysis_conversationanalytics SET comment = '', comment_is_encrypted = false,"
    " topic_classification = '', escalation_reason = '' WHERE tenant_id = %s AND chat_id = ANY(%s)",
)
UNLEARN: Final = (
    "UPDATE analysis_messageintent SET corrected_at = NULL, corrected_by_id = NULL, original = NULL"
    " WHERE tenant_id = %s AND chat_id = ANY(%s) AND corrected_at IS NOT NULL",
    "UPDATE analysis_sentimentchatmodel SET corrected_at = NULL, corrected_by_id = NULL, original = NULL"
    " WHERE tenant_id = %s AND chat_id = ANY(%s) AND corrected_at IS NOT NULL",
)

# What staff corrected stays: it is learnt from. By default all of it stays as long as its conversation.
FINDINGS: Final = {
    "analysis.sentiments": ("analysis_sentimentchatmodel", "timestamp", "corrected_at IS NULL"),
    "analysis.intents": ("analysis_messageintent", "timestamp", "corrected_at IS NULL"),
    "analysis.figures": ("analysis_conversationanalytics", "began_at", "began_at IS NOT NULL"),
}

for name, (table, time, condition) in FINDINGS.items():
    aged = AgedTable(table, time, time, CleanupKind.ANALYSIS, setting="analysis_retention_days", condition=condition)
    cleanup_steps.add(name, aged.step())
followers.add("analysis.findings", store_findings_of)


@demo_steps.register("analysis.intents")
def make_demo_intents(tenant: TenantModel) -> None:
    """Make the demo's intents; those that are there stay as they are."""
    for name, examples in INTENTS.items():
        Intent.objects.get_or_create(name=name, defaults={"examples": list(examples)})
    if classifier_in_use() is None:
        relearn()()


@erasure_steps.register("analysis.texts")
def forget_texts_of(person: Person) -> int:
    """Remove summaries, comments and topics of a person's conversations. Moods, intents and ratings stay: figures.

    A correction stays as a label, but nothing is learnt from its text any more, and what was is learnt anew.
    """
    values = [current_tenant_id(), list(person.chats)]
    with connection.cursor() as cursor:
        changed = sum(_changed(cursor, statement, values) for statement in FORGET)
        unlearnt = sum(_changed(cursor, statement, values) for statement in UNLEARN)
    if unlearnt:
        order_training()
    return changed + unlearnt


def _changed(cursor: Any, statement: str, values: list[Any]) -> int:
    cursor.execute(statement, values)
    rows: int = cursor.rowcount
    return rows


@demo_steps.register("analysis.conversations")
def analyze_demo_chats(tenant: TenantModel) -> None:
    """Look back at the demo's conversations; does nothing when that was done."""
    chats = list(
        ChatModel.objects.filter(contact__labels__contains=[DEMO_LABEL]).select_related("tenant").order_by("pk")
    )
    if ConversationAnalytics.objects.filter(chat__in=chats).exists():
        return
    for _read in analyze_all(Selection()):
        pass
    ratings = cycle(RATINGS)
    for chat in chats:
        if chat.status == ChatStatus.WAITING:
            note_escalation(chat, "requested")
        refresh_figures(chat)
        if chat.status == ChatStatus.COMPLETED:
            transcript = transcript_of(chat)
            keep(transcript, write_extract(transcript))
            _rate(chat, next(ratings))


def _rate(chat: ChatModel, rating: int) -> None:
    given: dict[str, Any] = {"user_satisfaction_rating": rating, "comment": COMMENTS.get(rating, "")}
    ConversationAnalytics.objects.filter(chat=chat).update(**given, rated_at=chat.last_activity)
