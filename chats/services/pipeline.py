"""The quick stages of a new message, before any reply (architecture.md, "The one way of a message")."""

from collections.abc import Callable

from django.db import transaction

from chats.models import ChatStatus, ContentChatModel, Sender
from chats.services.handover import hand_over
from metrics.services import stage
from tenants.registry import Registry
from tenants.services.work import close_ready

# A processor takes a stored message inside its tenant's transaction; it may run again for the same message.
MessageProcessor = Callable[[ContentChatModel], None]
message_processors: Registry[MessageProcessor] = Registry("message processor")


def process_message(message_id: int) -> bool:
    """Run every registered processor; return whether the message's turn is to be answered.

    A turn that is not gets its work row closed. A message that is gone ends quietly.
    """
    with stage("process"), transaction.atomic():
        found = ContentChatModel.objects.select_related("chat__agent", "chat__tenant")
        message = found.filter(pk=message_id).first()
        if message is None:
            close_ready(f"message:{message_id}")
            return False
        for _name, process in message_processors.items():
            process(message)
        if should_generate_auto_response(message):
            return True
        if expects_an_answer(message):
            hand_over(message, reason="no_agent")
        close_ready(f"message:{message_id}")
        return False


def expects_an_answer(message: ContentChatModel) -> bool:
    """Tell whether a person waits for Charla: nobody of the staff holds the chat, and it was not answered yet."""
    chat = message.chat
    if message.sender != Sender.USER or message.sequence <= chat.answered_sequence:
        return False
    if chat.status != ChatStatus.ACTIVE or chat.assigned_to_id is not None:
        return False
    return bool(chat.settings.get("auto_response", True))


def should_generate_auto_response(message: ContentChatModel) -> bool:
    """Tell whether the agent answers: a person wrote, the chat lets it, and there is an active agent.

    The three conditions of chats-signals.md, and that the chat is neither waiting for a person nor answered already.
    """
    agent = message.chat.agent
    return agent is not None and agent.is_active and expects_an_answer(message)
