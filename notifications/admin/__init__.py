"""The administration's pages of notifications and webhooks."""

from notifications.admin import webhooks

__all__ = ["webhooks"]
