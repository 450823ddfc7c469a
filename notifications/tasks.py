"""Shells of deliveries: ids only, safe to repeat; the work row says whether there is anything to do."""

from celery import shared_task

from notifications.services.deliveries import deliver
from tenants.tasks import TenantTask


@shared_task(base=TenantTask, queue="bulk")
def deliver_webhook(delivery_id: str) -> None:
    """Begin an attempt to deliver an event; it ends on the webhooks' own loop."""
    deliver(delivery_id)
