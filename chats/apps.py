"""The app `chats`."""

from django.apps import AppConfig


class ChatsConfig(AppConfig):
    """See architecture.md for its layer."""

    default_auto_field = "django.db.models.BigAutoField"
    name = "chats"
