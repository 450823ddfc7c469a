"""When the agent stops: an honest sentence, and a person of the staff. Never silence (architecture.md)."""

from uuid import UUID

from django.db import transaction

from chats.models import ChatModel, ContentChatModel, Sender
from chats.services.lifecycle import escalate, locked_chat
from chats.services.messages import post_message
from chats.services.notices import handover_notice


def hand_over(message: ContentChatModel, *, reason: str) -> bool:
    """Tell the person that somebody of the team will answer, and escalate; in the caller's transaction and tenant.

    The sentence is the reply to the message, unless that has one already. Does nothing, and returns False, where a
    person has the chat or is on the way. `message.chat` is afterwards what the chat is now.
    """
    chat = locked_chat(message.chat.chat_id)
    if not chat.is_with_its_agent:
        return False
    is_reply = message.sequence > chat.answered_sequence
    _tell(chat, message, reason=reason, is_reply=is_reply)
    message.chat = escalate(chat_id=chat.chat_id, reason=reason, message=message)
    return True


def ask_for_person(
    *, chat_id: UUID, reason: str, contact_id: UUID | None = None, asked_by_person: bool = True
) -> ChatModel:
    """Hand the chat over because its person asks for it, or somebody else does; raises what escalate() raises."""
    with transaction.atomic():
        chat = locked_chat(chat_id, contact_id=contact_id)
        if chat.is_with_its_agent:
            asked = chat.contents.filter(sender=Sender.USER).order_by("-sequence").first()
            _tell(chat, asked, reason="requested" if asked_by_person else "rule", is_reply=False)
        return escalate(chat_id=chat_id, reason=reason, message=None, contact_id=contact_id)


def _tell(chat: ChatModel, message: ContentChatModel | None, *, reason: str, is_reply: bool) -> None:
    language = (message.language if message else "") or chat.tenant.default_language
    post_message(
        chat_id=chat.chat_id,
        content=handover_notice(chat.tenant, reason=reason, language=language),
        sender=Sender.AGENT,
        in_response_to_id=message.pk if message else None,
        covers=message.sequence if message and is_reply else 0,
        is_automatic=is_reply,
        language=language,
        metadata={"citations": [], "kind": "handover", "reason": reason},
    )
