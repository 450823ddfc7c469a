"""Recording an event is one statement, and costs next to nothing where no endpoint waits for it."""

from typing import Any

import pytest
from django.db import connection

from notifications.models import Event, WebhookDelivery, WebhookEndpoint
from notifications.services import events
from notifications.services.events import record_event
from tenants.models import TenantModel, WorkItem
from tenants.scope import in_tenant

pytestmark = pytest.mark.django_db


def test_an_event_is_one_statement(tenant: TenantModel, django_assert_num_queries: Any) -> None:
    with in_tenant(tenant):
        WebhookEndpoint.objects.create(url="https://example.com/", events=["*"])
        with django_assert_num_queries(1):
            record_event("chat.updated", object_type="chat", object_id="1", data={"changed": ["title"]})
        delivery = WebhookDelivery.objects.select_related("event").get()
        assert (delivery.event_type, delivery.status) == ("chat.updated", "pending")
        assert delivery.event is not None
        assert delivery.event.data == {"changed": ["title"]}
    row = WorkItem.objects.get(kind="delivery")
    assert (row.ref_id, row.dedupe_key, row.tenant_id) == (str(delivery.pk), f"delivery:{delivery.pk}", tenant.pk)


@pytest.mark.parametrize(
    "endpoint",
    [{"events": ["chat.rated"]}, {"events": ["*"], "is_active": False, "disabled_reason": "person"}, {"events": []}],
)
def test_endpoints_that_do_not_wait_for_it_get_nothing(tenant: TenantModel, endpoint: dict[str, Any]) -> None:
    with in_tenant(tenant):
        WebhookEndpoint.objects.create(url="https://example.com/", **endpoint)
        record_event("chat.updated", object_type="chat", object_id="1")
        assert WebhookDelivery.objects.count() == 0
        assert Event.objects.filter(object_id="1").exists()


def test_a_paused_endpoints_delivery_waits_without_a_work_row(tenant: TenantModel) -> None:
    with in_tenant(tenant):
        WebhookEndpoint.objects.create(
            url="https://example.com/", events=["*"], is_active=False, disabled_reason="failing"
        )
        record_event("chat.updated", object_type="chat", object_id="1")
        assert WebhookDelivery.objects.filter(event__object_id="1").count() == 1
    assert not WorkItem.objects.filter(kind="delivery").exists()


def test_the_plan_finds_the_tenants_endpoints_by_an_index_and_touches_no_ledger_without_them(
    tenant: TenantModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    values = {"tenant": tenant.pk, "type": "x", "object_type": "x", "object_id": "1", "data": "{}"}
    with in_tenant(tenant), connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute(f"EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF) {events.WRITE}", values)
        plan = "\n".join(str(line) for (line,) in cursor.fetchall())
    assert "Index Cond: (tenant_id" in plan
    assert "Seq Scan on notifications_webhookendpoint" not in plan
    assert "Seq Scan on notifications_webhookdelivery" not in plan
    assert "one_delivery_per_event" not in plan
