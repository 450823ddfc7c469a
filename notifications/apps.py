"""The app `notifications`."""

from django.apps import AppConfig


class NotificationsConfig(AppConfig):
    """See architecture.md for its layer."""

    default_auto_field = "django.db.models.BigAutoField"
    name = "notifications"
