"""The app `analysis`: what conversations were like."""

from importlib import import_module

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class AnalysisConfig(AppConfig):
    """Layer 6: reads all, is imported by none."""

    default_auto_field = "django.db.models.BigAutoField"
    name = "analysis"
    verbose_name = _("Analysis")

    def ready(self) -> None:
        """Register the stage of the pipeline, the receivers, the jobs and the kind of work."""
        import_module("analysis.merging")
        import_module("analysis.processors")
        import_module("analysis.receivers")
        import_module("analysis.sentiment.checks")
        import_module("analysis.links")
        import_module("analysis.services.intent_training")
        import_module("analysis.work")
