"""The composition root as an app: it brings the Celery app to every process that loads Django."""

from importlib import import_module

from django.apps import AppConfig


class CompositionConfig(AppConfig):
    """Loaded last; imported by no app."""

    name = "config"

    def ready(self) -> None:
        """Make the Celery app the current one, so that tasks ring the right broker."""
        import_module("config.celery")
