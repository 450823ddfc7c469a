"""The app `metrics`: how much, how fast, how healthy."""

from importlib import import_module

from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules
from django.utils.translation import gettext_lazy as _


class MetricsConfig(AppConfig):
    """Layer 2: imports tenants alone."""

    default_auto_field = "django.db.models.BigAutoField"
    name = "metrics"
    verbose_name = _("Metrics")

    def ready(self) -> None:
        """Connect the receivers, and find the probes and figures that apps bring."""
        import_module("metrics.receivers")
        import_module("metrics.work")
        autodiscover_modules("health")
