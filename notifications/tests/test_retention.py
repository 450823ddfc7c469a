"""Old events and deliveries go; what is younger stays, and nothing is sent about what is gone."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from notifications.models import Event, Notification, WebhookDelivery, WebhookEndpoint
from notifications.services.deliveries import deliver
from notifications.services.events import record_event
from notifications.services.retention import TABLES
from tenants.lifecycle import Cleaning
from tenants.models import TenantModel, User, WorkItem
from tenants.scope import in_tenant, tenant_scope
from tenants.services.config import forget_settings

pytestmark = pytest.mark.django_db


def happened(*names: str, days_ago: int) -> None:
    """Write events as if so long ago."""
    for name in names:
        record_event("chat.updated", object_type="thing", object_id=name)
    with connection.cursor() as cursor:
        for table, condition in (
            ("notifications_event", "object_id = ANY(%s)"),
            (
                "notifications_webhookdelivery",
                "event_id IN (SELECT id FROM notifications_event WHERE object_id = ANY(%s))",
            ),
        ):
            cursor.execute(
                f"UPDATE {table} SET created_at = now() - interval '{days_ago} days' WHERE {condition}", [list(names)]
            )


def removed(name: str, days: int | None = None) -> list[int]:
    """Remove what is old and return how many rows each batch had."""
    return [each.rows for each in TABLES[name].remove(Cleaning(days))]


def left() -> list[str]:
    """Return the objects of the events that are left, the test's own alone."""
    return list(Event.objects.filter(object_type="thing").order_by("id").values_list("object_id", flat=True))


def test_what_is_older_than_thirty_days_goes_in_batches(
    tenant: TenantModel, neighbour: TenantModel, settings: Any
) -> None:
    settings.MANAGEMENT_COMMANDS = {"cleanup": {"batch_size": 2, "concurrent_jobs": 1}}
    with in_tenant(neighbour):
        happened("theirs", days_ago=90)
    with in_tenant(tenant):
        WebhookEndpoint.objects.create(url="https://example.com/", events=["*"])
        happened(*"abcde", days_ago=31)
        happened("young", days_ago=29)
        assert TABLES["notifications.deliveries"].count(Cleaning()) == 5
        assert removed("notifications.deliveries") == [2, 2, 1]
        assert sum(removed("notifications.events")) >= 5
        assert left() == ["young"]
        assert WebhookDelivery.objects.count() == 1
    with in_tenant(neighbour):
        assert left() == ["theirs"]


def test_a_delivery_whose_event_is_gone_is_given_up_and_not_sent(tenant: TenantModel) -> None:
    with in_tenant(tenant):
        WebhookEndpoint.objects.create(url="https://example.com/", events=["*"])
        record_event("chat.updated", object_type="thing", object_id="a")
        Event.objects.filter(object_type="thing").delete()
        delivery = WebhookDelivery.objects.get()
    with tenant_scope(tenant):
        deliver(str(delivery.pk))
    with in_tenant(tenant):
        delivery.refresh_from_db()
    assert (delivery.status, delivery.error) == ("failed", "The event was removed by retention.")
    assert WorkItem.objects.get(kind="delivery").state == "done"


def test_no_event_goes_before_the_feeds_readers_were_promised(tenant: TenantModel) -> None:
    with in_tenant(tenant):
        happened("young", days_ago=29)
        assert removed("notifications.events", days=1) == []
        assert left() == ["young"]


def test_notifications_that_were_read_go_after_the_tenants_days(tenant: TenantModel, owner: User) -> None:
    forget_settings()
    with in_tenant(tenant):
        for number in range(3):
            Notification.objects.create(recipient=owner, notification_type="chat_created", message=str(number))
        old = timezone.now() - timedelta(days=91)
        Notification.objects.exclude(message="2").update(created_at=old)
        Notification.objects.exclude(message="1").update(read_at=timezone.now())
        assert removed("notifications.notices") == [1]
        assert sorted(Notification.objects.values_list("message", flat=True)) == ["1", "2"]
