"""The app `audit`: what happened."""

from importlib import import_module

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class AuditConfig(AppConfig):
    """Layer 2: imports tenants alone."""

    default_auto_field = "django.db.models.BigAutoField"
    name = "audit"
    verbose_name = _("Audit")

    def ready(self) -> None:
        """Connect the receivers, and bring the work."""
        import_module("audit.receivers")
        import_module("audit.work")
