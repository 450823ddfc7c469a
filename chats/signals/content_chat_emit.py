"""Receivers of a stored message (chats-signals.md). They run no SQL: what they do happens on commit."""

from functools import partial
from typing import Any

import structlog
from django.db import transaction
from django.db.models.signals import post_save
from django.dispatch import receiver
from kombu.exceptions import OperationalError

from chats.events import message_created
from chats.models import ContentChatModel, Sender
from chats.realtime.publish import publish
from chats.signals.definitions import chat_archived, conversation_completed, escalation_triggered, message_analyzed
from chats.signals.monitoring import monitor_signal
from chats.signals.muting import are_muted
from chats.tasks import process_new_message
from metrics.services import MetricsService
from tenants.crash_points import crash_point

__all__ = ["chat_archived", "conversation_completed", "escalation_triggered", "message_analyzed"]

logger = structlog.get_logger(__name__)


@receiver(post_save, sender=ContentChatModel, dispatch_uid="chats.message_post_save")
@monitor_signal
def message_post_save_receiver(
    sender: Any, instance: ContentChatModel, *, created: bool, raw: bool = False, **kwargs: Any
) -> None:
    """Once the message is committed: show it to the chat's sockets, and ring for its turn when a person wrote it."""
    if raw or not created or are_muted():
        return
    transaction.on_commit(partial(send_realtime_notification, instance), robust=True)
    transaction.on_commit(partial(update_message_metrics, instance), robust=True)
    if instance.sender == Sender.USER:
        transaction.on_commit(partial(ring, instance), robust=True)


def send_realtime_notification(message: ContentChatModel) -> None:
    """Send the stored message to every open socket of its chat."""
    publish(message.chat.chat_id, message_created(message), sequence=message.sequence)


def ring(message: ContentChatModel) -> None:
    """Ring for the message's work row; without a broker the sweeper finds it."""
    crash_point("message.after_commit")
    try:
        process_new_message.delay(message.pk)
    except OperationalError as error:
        logger.warning("ring_failed", message_id=message.pk, error=str(error))
        MetricsService().increment_counter("ring_failures")


def update_message_metrics(message: ContentChatModel) -> None:
    """Count the message and its length (decision 23)."""
    service = MetricsService()
    service.increment_counter("messages_created", labels={"sender": str(message.sender)})
    service.observe_histogram("message_length", len(message.content), labels={"sender": str(message.sender)})
