"""Where a notification about a chat leads to."""

from uuid import UUID

from django.db import transaction
from django.urls import reverse

from chats.models import ChatModel
from notifications.services.links import notification_links


@notification_links.register("chat_id")
def chat_path(chat_id: str) -> str:
    """Return the path of a chat in the administration; of their list for a chat that is gone."""
    with transaction.atomic():
        key = ChatModel.objects.filter(chat_id=UUID(chat_id)).values_list("pk", flat=True).first()
    if key is None:
        return reverse("admin:chats_chatmodel_changelist")
    return reverse("admin:chats_chatmodel_change", args=[key])
