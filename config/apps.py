"""The composition root as an app: it brings the Celery app to every process that loads Django."""

from collections.abc import Sequence
from importlib import import_module
from typing import Any

from django.apps import AppConfig
from django.contrib import admin
from django.contrib.admin.sites import all_sites
from django.core.checks import CheckMessage, Tags, register


def check_administration(app_configs: Sequence[AppConfig] | None, **_options: Any) -> list[CheckMessage]:
    """Check the administration's pages, which Django's own check may come too early for: they load with the URLs."""
    admin.autodiscover()
    return [message for site in all_sites for message in site.check(app_configs)]


class CompositionConfig(AppConfig):
    """Loaded last; imported by no app."""

    name = "config"

    def ready(self) -> None:
        """Make the Celery app the current one, so that tasks ring the right broker."""
        import_module("config.celery")
        register(check_administration, Tags.admin)
        register(import_module("config.access_checks").check_declarations, Tags.security)
