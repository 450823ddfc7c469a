"""The app `audit`."""

from django.apps import AppConfig


class AuditConfig(AppConfig):
    """See architecture.md for its layer."""

    default_auto_field = "django.db.models.BigAutoField"
    name = "audit"
