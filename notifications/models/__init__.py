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
from notifications.models.webhooks import (
    ALL_EVENTS,
    DeliveryStatus,
    DisabledReason,
    WebhookDelivery,
    WebhookEndpoint,
)

__all__ = [
    "ALL_EVENTS",
    "CurrentTransaction",
    "DeliveryStatus",
    "Digest",
    "DisabledReason",
    "Event",
    "Notification",
    "NotificationPreference",
    "NotificationType",
    "OutsideChannel",
    "Room",
    "RoomKind",
    "RoomMessage",
    "TransactionId",
    "WebhookDelivery",
    "WebhookEndpoint",
]
