"""The quick stages of a new message, before any reply (architecture.md, "The one way of a message").

Filters and analysis are processors; then comes the question whether this is for a person; then the reply.
"""

from collections.abc import Callable
from typing import Final
from uuid import UUID

import structlog
from django.db import transaction

from audit.services.faults import fault_of, record_fault
from chats.models import ContentChatModel, Sender
from chats.services.escalation import consider_words
from chats.services.handover import hand_over
from chats.services.reading import message_with_chat
from metrics.services import MetricsService, stage
from tenants.db.prepared import prepared_statements
from tenants.registry import Registry
from tenants.services.work import close_unheld, enqueue

# A processor takes a stored message inside its tenant's transaction; it may run again for the same message.
MessageProcessor = Callable[[ContentChatModel], None]
message_processors: Registry[MessageProcessor] = Registry("message processor")

RETRY: Final = "signal_retry"
RETRY_AFTER_SECONDS: Final = 5
logger = structlog.get_logger(__name__)


def process_message(message_id: int) -> UUID | None:
    """Run every registered processor; return the agent that is to answer the message's turn, or None.

    A turn that nobody is to answer gets its work row closed. A message that is gone ends quietly.
    """
    with stage("process"), transaction.atomic(), prepared_statements():
        message = message_with_chat(message_id)
        if message is None:
            close_unheld(f"message:{message_id}")
            return None
        for name, process in message_processors.items():
            _run_apart(name, process, message)
        consider_words(message)
        if should_generate_auto_response(message):
            answering: UUID | None = message.chat.agent_id
            return answering
        if expects_an_answer(message):
            hand_over(message, reason="no_agent")
        close_unheld(f"message:{message_id}")
        return None


def _run_apart(name: str, process: MessageProcessor, message: ContentChatModel) -> None:
    """Run one processor; its failure is written down, tried again later, and holds up neither others nor the reply."""
    try:
        with stage(name), transaction.atomic():
            process(message)
    except Exception as error:
        logger.exception("processor_failed", processor=name, message_id=message.pk)
        MetricsService().increment_counter("processor_failures", labels={"processor": name})
        record_fault(fault_of(error))
        enqueue(
            kind=RETRY,
            dedupe_key=f"processor:{name}:{message.pk}",
            tenant_id=message.tenant_id,
            ref_id=f"processor:{name}:{message.pk}",
            delay=RETRY_AFTER_SECONDS,
        )


def expects_an_answer(message: ContentChatModel) -> bool:
    """Tell whether a person waits for Charla: nobody of the staff holds the chat, and it was not answered yet."""
    chat = message.chat
    if message.sender != Sender.USER or message.sequence <= chat.answered_sequence or not chat.is_with_its_agent:
        return False
    return bool(chat.settings.get("auto_response", True))


def should_generate_auto_response(message: ContentChatModel) -> bool:
    """Tell whether the agent answers: a person wrote, the chat lets it, and there is an active agent.

    The three conditions of chats-signals.md, and that the chat is neither waiting for a person nor answered already.
    """
    agent = message.chat.agent
    return agent is not None and agent.is_active and expects_an_answer(message)
