"""The app `chats`: conversations, the people in them, their sockets and the pipeline."""

from importlib import import_module

from django.apps import AppConfig
from django.core.checks import register
from django.utils.translation import gettext_lazy as _


class ChatsConfig(AppConfig):
    """Layer 5: imports agents, notifications, audit, metrics, tenants."""

    default_auto_field = "django.db.models.BigAutoField"
    name = "chats"
    verbose_name = _("Conversations")

    def ready(self) -> None:
        """Connect the receivers and name the kinds of work."""
        import_module("chats.signals.chat_post_save_receiver")
        import_module("chats.signals.content_chat_emit")
        import_module("chats.event_bodies")
        import_module("chats.links")
        import_module("chats.word_keys")
        import_module("chats.work")
        register(import_module("chats.checks").check_chats)
