"""The app `analysis`."""

from django.apps import AppConfig


class AnalysisConfig(AppConfig):
    """See architecture.md for its layer."""

    default_auto_field = "django.db.models.BigAutoField"
    name = "analysis"
