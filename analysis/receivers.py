"""Receivers of what `chats` tells (docs/signals.md). Each runs in the transaction of the change itself."""

from datetime import datetime
from typing import Any

from django.dispatch import receiver

from analysis.services.completing import order_completion
from analysis.services.daily import forget_days
from analysis.services.figures import note_escalation
from analysis.tasks import ring
from chats.models import ChatModel
from chats.signals.definitions import conversation_completed, escalation_triggered, messages_imported
from chats.signals.monitoring import monitor_signal
from chats.signals.muting import are_muted
from tenants.commits import call_after_commit


@receiver(conversation_completed, dispatch_uid="analysis.conversation_completed")
@monitor_signal
def generate_conversation_summary(sender: Any, chat: ChatModel, **kwargs: Any) -> None:
    """Have the summary and the figures of a completed conversation written; its row stands with the completion."""
    if not are_muted():
        call_after_commit(ring, order_completion(chat))


@receiver(escalation_triggered, dispatch_uid="analysis.escalation_triggered")
@monitor_signal
def remember_escalation(sender: Any, chat: ChatModel, reason: str, **kwargs: Any) -> None:
    """Count a conversation among those that were handed to the staff."""
    if not are_muted():
        note_escalation(chat, reason)


@receiver(messages_imported, dispatch_uid="analysis.messages_imported")
@monitor_signal
def count_days_anew(sender: Any, since: datetime, until: datetime, **kwargs: Any) -> None:
    """Have the days that messages came into afterwards counted again; muted or not, for they are there."""
    forget_days(since, until)
