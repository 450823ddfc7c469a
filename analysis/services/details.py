"""What is known about messages, as it travels to the staff (decision 32)."""

from collections.abc import Mapping, Sequence
from typing import Any

from analysis.models import SentimentChatModel


def sentiment_payload(found: SentimentChatModel) -> dict[str, Any]:
    """Return a sentiment on the wire."""
    return {
        "sentiment": str(found.sentiment),
        "score": float(found.score),
        "confidence": float(found.confidence),
    }


def sentiments_of(message_ids: Sequence[int]) -> Mapping[int, Any]:
    """Return the sentiments of these messages by message id, in one query."""
    found = SentimentChatModel.objects.filter(message_id__in=message_ids)
    return {one.message_id: sentiment_payload(one) for one in found}
