"""What the staff know better: a correction is kept with who, when and what was said before, and is used.

The figures of the chat follow at once; training reads corrections (analysis.services.training_data). The signal
`message_analyzed` is not sent again: a person has seen the message, there is nobody to call.
"""

from decimal import Decimal
from typing import Any, Final

from django.db import transaction
from django.utils import timezone

from analysis.models import Intent, MessageIntent, Sentiment, SentimentChatModel
from analysis.services.figures import refresh_figures
from analysis.services.retraining import CORRECTIONS_TOGETHER_SECONDS, order_training
from audit.services import AuditService
from chats.models import ChatModel
from tenants.models import User
from tenants.scope import current_tenant_id

BY_STAFF: Final = "staff"
CERTAIN: Final = Decimal(1)
# What a score becomes that points the other way than the correction.
SCORES: Final = {
    Sentiment.POSITIVE: Decimal("0.5"),
    Sentiment.NEUTRAL: Decimal(0),
    Sentiment.NEGATIVE: Decimal("-0.5"),
}


class NotAnalyzedError(LookupError):
    """The message has nothing yet that could be corrected, or the tenant has no such message."""


def correct_sentiment(*, message_id: int, sentiment: Sentiment, by: User | None) -> SentimentChatModel:
    """Say what a message sounds like; NotAnalyzedError where nothing was said of it before."""
    with transaction.atomic():
        found: SentimentChatModel = _locked(SentimentChatModel, message_id)
        before = {
            "sentiment": found.sentiment,
            "score": float(found.score),
            "confidence": float(found.confidence),
            "analyzer": found.analyzer,
        }
        found.score = fitting_score(sentiment, found.score)
        found.sentiment, found.confidence, found.analyzer = sentiment, CERTAIN, BY_STAFF
        _keep(found, before, by, "sentiment_corrected", before["sentiment"], str(sentiment))
        return found


def correct_intent(*, message_id: int, intent: Intent | None, by: User | None) -> MessageIntent:
    """Say what a message asks for (None: none of the intents); NotAnalyzedError where nothing was said before.

    The tenant's classifier learns it within minutes.
    """
    intent = None if intent and intent.is_outside else intent
    with transaction.atomic():
        found: MessageIntent = _locked(MessageIntent, message_id)
        had = found.intent.name if found.intent else None
        before = {"intent": had, "confidence": float(found.confidence), "classifier": found.classifier}
        found.intent, found.confidence, found.classifier = intent, CERTAIN, BY_STAFF
        _keep(found, before, by, "intent_corrected", had, intent.name if intent else None)
        order_training(CORRECTIONS_TOGETHER_SECONDS)
        return found


def fitting_score(sentiment: Sentiment, score: Decimal) -> Decimal:
    """Return the score if it says the same as the sentiment, else one that does."""
    fits = {
        Sentiment.POSITIVE: score > 0,
        Sentiment.NEUTRAL: abs(score) < SCORES[Sentiment.POSITIVE],
        Sentiment.NEGATIVE: score < 0,
    }
    return score if fits[sentiment] else SCORES[sentiment]


def _locked(model: Any, message_id: int) -> Any:
    found = model.objects.select_for_update().filter(message_id=message_id).first()
    if found is None:
        raise NotAnalyzedError(f"Nothing is known of the message {message_id}.")
    return found


def _keep(found: Any, before: dict[str, Any], by: User | None, action: str, was: Any, now: Any) -> None:
    """Store a correction; a second one keeps what the analysis said at first."""
    found.original = found.original or before
    found.corrected_by, found.corrected_at = by, timezone.now()
    found.save()
    chat = ChatModel.objects.get(pk=found.chat_id)
    if chat.analytics.exists():
        refresh_figures(chat)
    AuditService().log_event(
        action=action,
        user=by,
        tenant=current_tenant_id(),
        object_type="message",
        object_id=str(found.message_id),
        details={"from": was, "to": now, "chat_id": str(chat.chat_id)},
    )
