"""The app `notifications`."""

from importlib import import_module

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class NotificationsConfig(AppConfig):
    """See architecture.md for its layer."""

    default_auto_field = "django.db.models.BigAutoField"
    name = "notifications"
    verbose_name = _("Notifications")

    def ready(self) -> None:
        """Connect the receivers and name the kinds of work."""
        import_module("notifications.receivers")
        import_module("notifications.work")
