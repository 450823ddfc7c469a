"""Old events and deliveries go; what is younger stays, and nothing is sent about what is gone."""

from typing import Any

import pytest
from django.db import connection

from notifications.models import Event, WebhookDelivery, WebhookEndpoint
from notifications.services import retention
from notifications.services.deliveries import deliver
from notifications.services.events import record_event
from notifications.services.retention import remove_old
from tenants.models import TenantModel, WorkItem
from tenants.scope import in_tenant, tenant_scope
from tenants.services.schedules import SCHEDULES

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


def left() -> list[str]:
    """Return the objects of the events that are left, the test's own alone."""
    return list(Event.objects.filter(object_type="thing").order_by("id").values_list("object_id", flat=True))


def test_what_is_older_than_thirty_days_goes_in_batches(
    tenant: TenantModel, neighbour: TenantModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("DELIVERIES", "EVENTS"):
        monkeypatch.setattr(retention, name, getattr(retention, name).replace("LIMIT 2000", "LIMIT 2"))
    with in_tenant(neighbour):
        happened("theirs", days_ago=90)
    with in_tenant(tenant):
        WebhookEndpoint.objects.create(url="https://example.com/", events=["*"])
        happened(*"abcde", days_ago=31)
        happened("young", days_ago=29)
        removed = remove_old()
        assert (removed.events >= 5, removed.deliveries, left()) == (True, 5, ["young"])
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


def test_retention_runs_by_the_sweepers_clock() -> None:
    entry: Any = SCHEDULES["notifications.retention"]
    assert entry.run is remove_old
