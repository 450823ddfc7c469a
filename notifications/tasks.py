"""Shells of deliveries and notifications: ids only, safe to repeat; the work rows say what there is to do."""

from celery import shared_task

from notifications.services.deliveries import deliver
from notifications.services.telling import tell_outside
from tenants.tasks import TenantTask


@shared_task(base=TenantTask, queue="bulk")
def deliver_webhook(delivery_id: str) -> None:
    """Begin an attempt to deliver an event; it ends on the webhooks' own loop."""
    deliver(delivery_id)


@shared_task(base=TenantTask, queue="bulk")
def send_outside(reference: str) -> None:
    """Send a notification by e-mail, or to a room."""
    tell_outside(reference)
