"""What is counted of the agents' turns: how they ended, and how long a person waited for the reply."""

from typing import Literal

from django.utils import timezone

from chats.models import ChatModel, ContentChatModel
from metrics.services import MetricsService

Outcome = Literal["answered", "quiet", "handed_over", "overtaken", "failed"]


def count_turn(outcome: Outcome) -> None:
    """Count a turn's end; `quiet`: there was nothing to answer any more, `failed`: it is tried again."""
    MetricsService.increment_counter("turns", {"outcome": outcome})


def count_answer(chat: ChatModel, asked: ContentChatModel) -> None:
    """Count a turn that was answered, and for how long the person waited: for the chat's first reply apart.

    `chat` is what it was before the reply.
    """
    count_turn("answered")
    waited = max((timezone.now() - asked.timestamp).total_seconds(), 0.0)
    labels = {"turn": "later" if chat.answered_sequence else "first"}
    MetricsService.observe_histogram("reply_seconds", waited, labels)
