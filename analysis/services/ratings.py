"""How people rate their conversations."""

from uuid import UUID

from django.db import transaction
from django.utils import timezone

from analysis.models import ConversationAnalytics
from chats.services.lifecycle import locked_chat
from notifications.services.events import record_event


def rate_chat(*, chat_id: UUID, rating: int, comment: str, contact_id: UUID | None) -> ConversationAnalytics:
    """Store the person's rating (1–5), the last one counts; ChatNotFoundError for a chat that is not theirs.

    It is asked for when a chat completes, and possible as long as the chat is there (decision 22).
    """
    with transaction.atomic():
        chat = locked_chat(chat_id, contact_id=contact_id)
        given = {"user_satisfaction_rating": rating, "comment": comment, "rated_at": timezone.now()}
        rated, _created = ConversationAnalytics.objects.update_or_create(
            chat=chat,
            defaults=given,
            create_defaults={**given, "began_at": chat.created_at, "agent_id": chat.agent_id},
        )
        record_event("chat.rated", object_type="chat", object_id=chat_id, data={"rating": rating})
        return rated
