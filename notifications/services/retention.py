"""What happened is kept for EVENT_RETENTION_DAYS: then events and deliveries go, and later what people have read."""

from typing import Final

from django.conf import settings

from tenants.lifecycle import CleanupKind
from tenants.services.ageing import AgedTable


def event_days() -> int:
    """Return how long the feed's readers may be away: no event goes before, whoever asks for it."""
    return int(settings.EVENT_RETENTION_DAYS)


TABLES: Final = {
    "notifications.deliveries": AgedTable(
        "notifications_webhookdelivery", "created_at", "id", CleanupKind.LOGS, default=event_days, least=event_days
    ),
    "notifications.events": AgedTable(
        "notifications_event", "created_at", "xid, id", CleanupKind.LOGS, default=event_days, least=event_days
    ),
    "notifications.notices": AgedTable(
        "notifications_notification", "created_at", "created_at", CleanupKind.LOGS,
        setting="log_retention_days", default=lambda: settings.LOG_RETENTION_DAYS, condition="read_at IS NOT NULL",
    ),
}  # fmt: skip
