"""The app `metrics`."""

from django.apps import AppConfig


class MetricsConfig(AppConfig):
    """See architecture.md for its layer."""

    default_auto_field = "django.db.models.BigAutoField"
    name = "metrics"
