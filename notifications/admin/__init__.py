"""The administration's pages of notifications and webhooks."""

from notifications.admin import notices, rooms, webhooks

__all__ = ["notices", "rooms", "webhooks"]
