"""The Celery app: a doorbell, not a store (architecture.md)."""

import os
from typing import Any

from celery import Celery
from celery.signals import worker_init

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

app = Celery("charla")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@worker_init.connect
def refuse_to_run_unbound(**kwargs: Any) -> None:
    """A worker does not start under a role that policies do not bind."""
    from tenants.services.roles import refuse_unbound_role  # Django's apps are loaded by now, not before

    refuse_unbound_role()
