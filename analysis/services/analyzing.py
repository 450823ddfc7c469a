"""What a person's message sounds like and asks for: on its way when that is quick, else beside it (decision 17)."""

from collections.abc import Mapping
from functools import cache
from typing import Any, Final

import structlog
from django.db import transaction

from analysis.linear import ModelFormatError
from analysis.models import TrainedKind
from analysis.sentiment import Analyzer, Mood, make_analyzer
from analysis.services.guessing import guess_intent
from analysis.services.jobs import JOBS, Effect, Job, nothing, order
from analysis.services.storing import Findings, Guessed, rounded, store_findings
from analysis.services.trained import all_in_use, loaded
from chats.models import ContentChatModel, Sender
from chats.services.language import detect_language
from chats.signals.content_chat_emit import emit_message_signals
from metrics.services import MetricsService
from notifications.services.events import record_event
from tenants.commits import call_after_commit
from tenants.scope import current_tenant_id
from tenants.services.config import setting

SENTIMENT_JOB: Final = "sentiment"
logger = structlog.get_logger(__name__)


@cache
def untrained(name: str) -> Analyzer:
    """Return the analyzer of a name as it is without training, one a process."""
    return make_analyzer(name)


def current_analyzer() -> Analyzer:
    """Return the analyzer that the current tenant has chosen, with what was trained for it."""
    name = setting(current_tenant_id(), "sentiment_analyzer")
    models = all_in_use(TrainedKind.SENTIMENT) if name in ("automatic", "trained") else {}
    if not models:
        return untrained(name)
    return loaded(models, lambda weights: trained_analyzer(name, weights)) or untrained("lexical")


def trained_analyzer(name: str, weights: Mapping[str, bytes]) -> Analyzer:
    """Return the analyzer of these weights; the word lists for weights that this version cannot read."""
    try:
        return make_analyzer(name, weights)
    except ModelFormatError as error:
        logger.error("trained_model_unreadable", kind=TrainedKind.SENTIMENT.value, error=str(error))
        return untrained("lexical")


def analyze_on_the_way(message: ContentChatModel) -> str | None:
    """Analyse a new message in the caller's transaction; return the reference of what is left for later, if anything.

    A person's messages alone. However often it runs: each finding is stored, and told of, once.
    """
    if message.sender != Sender.USER:
        return None
    mood, later = None, None
    if wants_sentiment(message):
        analyzer = current_analyzer()
        if analyzer.is_fast:
            mood = mood_of(message, analyzer)
        else:
            later = order(SENTIMENT_JOB, message.pk)
    keep(message, mood=mood, guessed=guess_intent(message.content), is_all=later is None)
    return later


def wants_sentiment(message: ContentChatModel) -> bool:
    """Tell whether the chat's settings let its mood be looked for."""
    return bool(message.chat.settings.get("sentiment_analysis", True))


def mood_of(message: ContentChatModel, analyzer: Analyzer) -> Mood:
    """Return a message's mood in its language, or the language that its text tells."""
    return analyzer.analyze(message.content, message.language or detect_language(message.content))


def keep(
    message: ContentChatModel,
    *,
    mood: Mood | None,
    guessed: Guessed | None = None,
    is_all: bool = True,
    known_intent: str | None = None,
) -> bool:
    """Store what was found and tell of it in the caller's transaction; return whether any of it was new.

    `is_all`: nothing more is to come for this message, so that its event may be written; `known_intent` was stored
    before.
    """
    stored = store_findings([Findings.of(message, mood=mood, guessed=guessed)]) if mood or guessed else None
    if stored is None or not (stored.moods or stored.intents):
        return False
    results = {
        "sentiment": _sentiment(mood) if mood and stored.moods else None,
        "intent": _intent(guessed) if guessed and stored.intents else None,
        "language": mood.language if mood else message.language,
    }
    emit_message_signals(message, results)
    call_after_commit(_count, results)
    if is_all:
        record_event(
            "message.analyzed",
            object_type="message",
            object_id=message.pk,
            data={
                "chat_id": str(message.chat.chat_id),
                "sequence": message.sequence,
                "sentiment": mood.sentiment if mood else None,
                "intent": guessed.name if guessed else known_intent,
            },
        )
    return True


def _count(results: Mapping[str, Any]) -> None:
    if sentiment := results["sentiment"]:
        MetricsService.increment_counter("sentiments_found", {"sentiment": sentiment["sentiment"]})
    if intent := results["intent"]:
        outcome = "none" if intent["name"] is None else "known"
        MetricsService.increment_counter("intents_found", {"outcome": outcome})


def _sentiment(mood: Mood) -> dict[str, Any]:
    return {
        "sentiment": mood.sentiment,
        "score": float(rounded(mood.score)),
        "confidence": float(rounded(mood.confidence)),
        "analyzer": mood.analyzer,
    }


def _intent(guessed: Guessed) -> dict[str, Any]:
    return {"name": guessed.name, "confidence": float(rounded(guessed.confidence))}


def analyze_message(message_id: int) -> bool:
    """Find the mood and the intent of a message without a mood, and tell of them; return whether it had none.

    For a message that is gone, a reply, or one whose chat wants no sentiment there is nothing to do.
    """
    message = message_to_read(message_id)
    if message is None or not wants_sentiment(message):
        return False
    with transaction.atomic():
        if message.sentiments.exists():
            return False
        analyzer = current_analyzer()
    mood = mood_of(message, analyzer)
    with transaction.atomic():
        return keep(message, mood=mood, guessed=guess_intent(message.content))


def analyze_later(message_id: str) -> Effect:
    """Let a slow analyzer read a message, outside any transaction."""
    message = message_to_read(int(message_id))
    if message is None:
        return nothing
    with transaction.atomic():
        analyzer = current_analyzer()
    mood = mood_of(message, analyzer)
    return lambda: _keep_late(message, mood)


def analyze_anyway(message_id: str) -> None:
    """Let the word lists read what the chosen analyzer could not."""
    message = message_to_read(int(message_id))
    if message is not None:
        _keep_late(message, mood_of(message, untrained("lexical")))


def _keep_late(message: ContentChatModel, mood: Mood) -> None:
    known = message.intents.values_list("intent__name", flat=True).first()
    keep(message, mood=mood, known_intent=known)


def message_to_read(message_id: int) -> ContentChatModel | None:
    """Return a person's message with its chat, in a transaction of its own; None when it is gone."""
    with transaction.atomic():
        return (
            ContentChatModel.objects.select_related("chat__agent", "chat__tenant")
            .filter(pk=message_id, sender=Sender.USER)
            .first()
        )


JOBS.add(SENTIMENT_JOB, Job(run=analyze_later, died=analyze_anyway))
