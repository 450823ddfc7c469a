"""When no agent can answer: an honest sentence, and a person of the staff. Never silence (architecture.md)."""

from django.utils.translation import gettext as _
from django.utils.translation import override

from chats.models import ContentChatModel, Sender
from chats.services.lifecycle import escalate
from chats.services.messages import post_message


def hand_over(message: ContentChatModel, *, reason: str) -> None:
    """Tell the person that somebody of the team will answer, and escalate; in the caller's transaction and tenant.

    Does nothing for a message that was answered already.
    """
    chat = message.chat
    if message.sequence <= chat.answered_sequence:
        return
    language = message.language or chat.tenant.default_language
    with override(language):
        text = _("I am sorry, I cannot answer right now. I have asked a person of our team to take over.")
    post_message(
        chat_id=chat.chat_id,
        content=text,
        sender=Sender.AGENT,
        in_response_to_id=message.pk,
        covers=message.sequence,
        is_automatic=True,
        language=language,
        metadata={"citations": [], "kind": "failed"},
    )
    escalate(chat_id=chat.chat_id, reason=reason)
