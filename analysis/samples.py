"""What is known of made-up conversations: the mood of each message of a person, and the figures of each talk."""

from collections.abc import Iterator, Sequence
from datetime import timedelta
from functools import lru_cache
from itertools import pairwise
from statistics import median
from typing import Any, Final

from analysis.demo import RATINGS
from analysis.models import Resolver
from analysis.sentiment import Mood
from analysis.services.analyzing import untrained
from analysis.services.storing import rounded
from chats.models import Sender
from chats.samples.storing import Stored
from tenants.db.copying import copy_rows
from tenants.fields import uuid7
from tenants.scope import current_tenant_id

MOODS: Final = (
    "tenant_id", "message_id", "chat_id", "timestamp", "sentiment", "score", "confidence", "language", "analyzer",
)  # fmt: skip
FIGURES: Final = (
    "tenant_id", "id", "chat_id", "agent_id", "began_at", "sentiment_score", "topic_classification", "response_time_ms",
    "first_response_ms", "user_satisfaction_rating", "comment", "rated_at", "escalated", "escalation_reason",
    "resolved_by", "through_sequence", "created_at", "updated_at",
)  # fmt: skip


def store_findings_of(stored: Sequence[Stored]) -> None:
    """Store moods and figures in the transaction that stores the conversations."""
    copy_rows("analysis_sentimentchatmodel", MOODS, _moods(stored))
    copy_rows("analysis_conversationanalytics", FIGURES, _figures(stored))


@lru_cache(maxsize=10_000)
def _mood(phrase: str, language: str) -> Mood:
    """Return the mood of a phrase; what fills its gaps (names, numbers, things) has none."""
    return untrained("lexical").analyze(phrase, language)


def _moods(stored: Sequence[Stored]) -> Iterator[tuple[Any, ...]]:
    tenant = str(current_tenant_id())
    for each in stored:
        language = each.talk.person.language
        for pk, line in zip(each.messages, each.talk.lines, strict=True):
            if line.sender == Sender.USER:
                mood = _mood(line.said.phrase, language)
                yield (
                    tenant, pk, each.pk, line.at, mood.sentiment, rounded(mood.score), rounded(mood.confidence),
                    mood.language, mood.analyzer,
                )  # fmt: skip


def _figures(stored: Sequence[Stored]) -> Iterator[tuple[Any, ...]]:
    tenant = str(current_tenant_id())
    for each in stored:
        lines, is_open = each.talk.lines, each.talk.status in ("active", "waiting")
        language = each.talk.person.language
        scores = [_mood(line.said.phrase, language).score for line in lines if line.sender == Sender.USER][-5:]
        waits = [
            (answer.at - asked.at) / timedelta(milliseconds=1)
            for asked, answer in pairwise(lines)
            if asked.sender == Sender.USER
        ]
        rating = None if is_open or each.pk % 3 else RATINGS[each.pk // 3 % len(RATINGS)]
        resolver = Resolver.NONE if is_open else Resolver.STAFF if each.talk.escalated else Resolver.AGENT
        yield (
            tenant, str(uuid7()), each.pk, str(each.agent.pk), lines[0].at, rounded(sum(scores) / len(scores)), "",
            round(median(waits)) if waits else None, round(waits[0]) if waits else None, rating, "",
            lines[-1].at if rating else None, each.talk.escalated, "requested" if each.talk.escalated else "",
            resolver, len(lines), lines[0].at, lines[-1].at,
        )  # fmt: skip
