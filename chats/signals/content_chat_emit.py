"""Receivers of a stored message and of what is known about it later (chats-signals.md).

Those of a stored message run no SQL: what they do happens on commit.
"""

from typing import Any

import structlog
from django.db.models.signals import post_save
from django.dispatch import receiver
from django.utils import timezone
from kombu.exceptions import OperationalError

from chats.events import message_created, message_noticed
from chats.models import ChatModel, ContentChatModel, Sender
from chats.realtime.publish import publish, publish_inbox
from chats.services.closing import archive_conversation, archives_at_once, is_conversation_complete
from chats.services.escalation import consider_analysis
from chats.services.pipeline import should_generate_auto_response
from chats.services.retrying import after_commit, after_commit_steps
from chats.services.tone import adjust_agent_behavior
from chats.signals.definitions import chat_archived, conversation_completed, escalation_triggered, message_analyzed
from chats.signals.monitoring import monitor_signal
from chats.signals.muting import are_muted
from chats.tasks import generate_auto_response, process_new_message, retry_signal_processing
from metrics.services import MetricsService
from notifications.services import NotificationService
from notifications.services.notifying import ESCALATIONS
from tenants.commits import call_after_commit
from tenants.crash_points import crash_point

__all__ = [
    "adjust_agent_behavior",
    "archive_conversation",
    "chat_archived",
    "conversation_completed",
    "escalation_triggered",
    "generate_auto_response",
    "is_conversation_complete",
    "message_analyzed",
    "process_new_message",
    "retry_signal_processing",
    "should_generate_auto_response",
]

logger = structlog.get_logger(__name__)


@receiver(post_save, sender=ContentChatModel, dispatch_uid="chats.message_post_save")
@monitor_signal
def message_post_save_receiver(
    sender: Any, instance: ContentChatModel, *, created: bool, raw: bool = False, **kwargs: Any
) -> None:
    """Once the message is committed: show it to the chat's sockets, and ring for its turn when a person wrote it."""
    if raw or not created or are_muted():
        return
    after_commit("send_realtime_notification", instance)
    after_commit("update_message_metrics", instance)
    if instance.sender == Sender.USER:
        after_commit("ring", instance)


@after_commit_steps.register("send_realtime_notification")
def send_realtime_notification(message: ContentChatModel) -> None:
    """Send the stored message to every open socket of its chat, and word of it to the staff's inbox."""
    publish(message.chat.chat_id, message_created(message), sequence=message.sequence)
    publish_inbox(message.tenant_id, message_noticed(message))


@after_commit_steps.register("ring")
def ring(message: ContentChatModel) -> None:
    """Ring for the message's work row; without a broker the sweeper finds it."""
    crash_point("message.after_commit")
    try:
        process_new_message.delay(message.pk)
    except OperationalError as error:
        logger.warning("ring_failed", message_id=message.pk, error=str(error))
        MetricsService().increment_counter("ring_failures")


@after_commit_steps.register("update_message_metrics")
def update_message_metrics(message: ContentChatModel) -> None:
    """Count the message and its length (decision 23)."""
    service = MetricsService()
    service.increment_counter("messages_created", labels={"sender": str(message.sender)})
    service.observe_histogram("message_length", len(message.content), labels={"sender": str(message.sender)})


def emit_message_signals(message: ContentChatModel, analysis_results: dict[str, Any]) -> None:
    """Tell that a message was analysed, in the transaction that stores the analysis (domain.md, 8)."""
    message_analyzed.send(
        sender=ContentChatModel, message=message, timestamp=timezone.now(), analysis_results=analysis_results
    )


@receiver(message_analyzed, dispatch_uid="chats.message_analyzed")
@monitor_signal
def handle_message_analyzed(
    sender: Any, message: ContentChatModel, analysis_results: dict[str, Any], **kwargs: Any
) -> None:
    """Act on what the analysis found."""
    if not are_muted():
        process_analysis_results(message, analysis_results)


def process_analysis_results(message: ContentChatModel, results: dict[str, Any]) -> None:
    """Let the agent find its tone, and hand over what is for a person."""
    if message.sender != Sender.USER:
        return
    if sentiment := results.get("sentiment"):
        adjust_agent_behavior(message.chat, sentiment)
    consider_analysis(message, results)


@receiver(escalation_triggered, dispatch_uid="chats.escalation_triggered")
@monitor_signal
def trigger_escalation(
    sender: Any, chat: ChatModel, message: ContentChatModel | None, reason: str, **kwargs: Any
) -> None:
    """Tell the staff, once for each escalation."""
    if not are_muted():
        NotificationService.send_escalation_alert(chat, message, reason)
        call_after_commit(_count_escalation, reason)


def _count_escalation(reason: str) -> None:
    """Count it by its reason; one that the program does not know came from a caller and has no bound."""
    known = reason if reason in ESCALATIONS else "other"
    MetricsService.increment_counter("escalations", {"reason": known})


@receiver(conversation_completed, dispatch_uid="chats.conversation_completed")
@monitor_signal
def handle_conversation_completed(sender: Any, chat: ChatModel, **kwargs: Any) -> None:
    """Archive at once where the tenant wants no pause; else the schedule does. `analysis` writes the summary."""
    if archives_at_once():
        archive_conversation(chat)
