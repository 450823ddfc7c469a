"""A trial for a room: the same way as every message to it, so that what is seen to work does."""

from uuid import uuid4

from django.utils.translation import gettext_noop

from notifications.models import Room, RoomMessage
from notifications.services.notifying import KIND
from tenants.commits import call_after_commit
from tenants.services.work import WORK_KINDS, enqueue

TRIAL = gettext_noop("This is a trial: notifications of Charla arrive here.")


def try_room(room: Room) -> RoomMessage:
    """Send a trial to a room, in the caller's transaction; what came of it is the room's `last_error`."""
    message = RoomMessage.objects.create(room=room, message=TRIAL, dedupe_key=f"trial:{uuid4()}")
    reference = f"room:{message.pk}"
    enqueue(kind=KIND, dedupe_key=f"{KIND}:{reference}", tenant_id=room.tenant_id, ref_id=reference)
    call_after_commit(WORK_KINDS[KIND].ring, reference)
    return message
