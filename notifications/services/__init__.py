"""What other apps call."""

from notifications.services.notifying import NotificationService

__all__ = ["NotificationService"]
