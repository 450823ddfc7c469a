"""A chat's stored messages as frames, for a socket that resumes. Runs in a thread, in the tenant's scope."""

import json
from uuid import UUID

from django.db import transaction

from chats.events import message_created
from chats.models import ChatModel
from chats.services.media import with_media

PAGE = 200


def messages_after(chat_id: UUID, after: int) -> list[tuple[int, str]]:
    """Return up to 200 (sequence, frame) after a sequence, in order."""
    with transaction.atomic():
        chat = ChatModel.objects.filter(chat_id=chat_id).first()
        if chat is None:
            return []
        rows = list(chat.contents.select_related("author").filter(sequence__gt=after).order_by("sequence")[:PAGE])
        for message in rows:
            message.chat = chat
        with_media(rows)
    return [(message.sequence, json.dumps(message_created(message), ensure_ascii=False)) for message in rows]
