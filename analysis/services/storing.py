"""What was found in a message, stored once: by constraints, not by looking first."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from django.db import connection

from analysis.sentiment.mood import Mood
from chats.models import ContentChatModel
from tenants.db.prepared import prepared_statements
from tenants.scope import current_tenant_id

# Both in one statement. A guess that names an intent which the tenant has no more is not stored.
STORE: Final = """
WITH found AS (
    SELECT * FROM unnest(
        %(messages)s::bigint[], %(chats)s::bigint[], %(times)s::timestamptz[], %(sentiments)s::text[],
        %(scores)s::numeric[], %(confidences)s::numeric[], %(languages)s::text[], %(analyzers)s::text[],
        %(guessed)s::boolean[], %(intents)s::text[], %(certainties)s::numeric[], %(classifiers)s::text[]
    ) AS found (message_id, chat_id, "timestamp", sentiment, score, confidence, language, analyzer,
                guessed, intent, certainty, classifier)
), moods AS (
    INSERT INTO analysis_sentimentchatmodel
        (tenant_id, message_id, chat_id, "timestamp", sentiment, score, confidence, language, analyzer)
    SELECT %(tenant)s, message_id, chat_id, "timestamp", sentiment, score, confidence, language, analyzer
    FROM found WHERE sentiment IS NOT NULL
    ON CONFLICT (message_id) DO NOTHING RETURNING message_id
), intents AS (
    INSERT INTO analysis_messageintent
        (tenant_id, message_id, chat_id, "timestamp", intent_id, confidence, classifier)
    SELECT %(tenant)s, message_id, chat_id, "timestamp", known.id, certainty, classifier
    FROM found LEFT JOIN analysis_intent AS known ON known.tenant_id = %(tenant)s AND known.name = found.intent
    WHERE guessed AND (found.intent IS NULL OR known.id IS NOT NULL)
    ON CONFLICT (message_id) DO NOTHING RETURNING message_id
)
SELECT message_id, true FROM moods UNION ALL SELECT message_id, false FROM intents
"""
"""Rows: message id, and whether it is its sentiment (else its intent) that is new."""
CENT: Final = Decimal("0.01")


@dataclass(frozen=True)
class Guessed:
    """The intent of a message by its `name` (None: none of the tenant's), and which classifier said so."""

    name: str | None
    confidence: float
    classifier: str


@dataclass(frozen=True)
class Findings:
    """What was found in one message; None for what was not looked for."""

    message_id: int
    chat_id: int
    timestamp: datetime
    mood: Mood | None = None
    guessed: Guessed | None = None

    @classmethod
    def of(cls, message: ContentChatModel, *, mood: Mood | None = None, guessed: Guessed | None = None) -> "Findings":
        """Return the findings of a message."""
        return cls(message.pk, message.chat_id, message.timestamp, mood, guessed)


@dataclass(frozen=True)
class Stored:
    """Which messages got a sentiment, and which an intent, that they had not before."""

    moods: frozenset[int]
    intents: frozenset[int]


def store_findings(found: Sequence[Findings]) -> Stored:
    """Store what was found in the caller's transaction and tenant, one statement for all; what is there stays."""
    if not found:
        return Stored(frozenset(), frozenset())
    with prepared_statements(), connection.cursor() as cursor:
        cursor.execute(STORE, {"tenant": current_tenant_id(), **_columns(found)})
        rows = cursor.fetchall()
    return Stored(
        frozenset(message_id for message_id, is_mood in rows if is_mood),
        frozenset(message_id for message_id, is_mood in rows if not is_mood),
    )


def _columns(found: Sequence[Findings]) -> dict[str, list[Any]]:
    moods = [one.mood for one in found]
    guesses = [one.guessed for one in found]
    return {
        "messages": [one.message_id for one in found],
        "chats": [one.chat_id for one in found],
        "times": [one.timestamp for one in found],
        "sentiments": [mood and mood.sentiment for mood in moods],
        "scores": [mood and rounded(mood.score) for mood in moods],
        "confidences": [mood and rounded(mood.confidence) for mood in moods],
        "languages": [mood and mood.language[:8] for mood in moods],
        "analyzers": [mood and mood.analyzer[:64] for mood in moods],
        "guessed": [guessed is not None for guessed in guesses],
        "intents": [guessed and guessed.name for guessed in guesses],
        "certainties": [guessed and rounded(guessed.confidence) for guessed in guesses],
        "classifiers": [guessed and guessed.classifier[:64] for guessed in guesses],
    }


def rounded(value: float) -> Decimal:
    """Return a figure from -1 to 1 as it is stored: with two decimals."""
    return Decimal(max(-1.0, min(1.0, value))).quantize(CENT)
