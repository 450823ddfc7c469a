"""What happened, and who is told of it."""

from notifications.models.events import CurrentTransaction, Event, TransactionId
from notifications.models.notices import (
    Digest,
    Notification,
    NotificationPreference,
    NotificationType,
    OutsideChannel,
    Room,
    RoomKind,
    RoomMessage,
)

__all__ = [
    "CurrentTransaction",
    "Digest",
    "Event",
    "Notification",
    "NotificationPreference",
    "NotificationType",
    "OutsideChannel",
    "Room",
    "RoomKind",
    "RoomMessage",
    "TransactionId",
]
