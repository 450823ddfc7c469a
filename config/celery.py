"""The Celery app: a doorbell, not a store (architecture.md)."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

app = Celery("charla")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
