"""Which chats a caller sees: the tenant's, or a visitor's own."""

from django.db.models import QuerySet

from chats.models import ChatModel, ChatStatus
from tenants.callers import Caller


def chats_of(caller: Caller, *, with_deleted: bool = False) -> QuerySet[ChatModel]:
    """Return the chats of the current tenant that the caller may see; a visitor without a contact sees none."""
    chats = ChatModel.objects.all() if with_deleted else ChatModel.objects.exclude(status=ChatStatus.DELETED)
    if not caller.is_visitor:
        return chats
    return chats.filter(contact_id=caller.contact_id) if caller.contact_id else chats.none()
