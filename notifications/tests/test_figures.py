"""What is counted of notifications and webhooks, and a delivery that was given up and is run again."""

from typing import Any

import pytest

from notifications.models import WebhookDelivery, WebhookEndpoint
from notifications.services import NotificationService, telling
from notifications.services.deliveries import deliver, gave_up
from notifications.services.requeueing import wait_again
from notifications.tests.receiver import LOOPBACK, delivering, endpoint_of, happen, receiving, settle_down
from tenants.models import TenantModel, User, WorkItem
from tenants.scope import in_tenant, tenant_scope
from tenants.services.replaying import run_again
from tenants.services.work import WORK_KINDS, WorkKind
from tests.support.metrics import Counted, value_of

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "operations"])


def test_a_notification_counts_once_for_each_person_that_is_told(tenant: TenantModel, colleague: User) -> None:
    counted = Counted("notifications_created_total", type="escalation")
    for _time in range(2):
        with in_tenant(tenant):
            NotificationService.send_notification(colleague, "Look", "escalation", dedupe_key="one")
    assert counted.gain() == 1


@pytest.mark.parametrize(("failure", "outcome"), [(None, "done"), (ConnectionError("away"), "failed")])
def test_telling_somebody_outside_counts_by_its_end(
    tenant: TenantModel, colleague: User, monkeypatch: pytest.MonkeyPatch, failure: Exception | None, outcome: str
) -> None:
    def send(notification_id: str) -> None:
        if failure is not None:
            raise failure

    monkeypatch.setitem(telling.WAYS, "email", send)
    with in_tenant(tenant):
        WorkItem.objects.create(
            kind="notification", dedupe_key="notification:email:1", tenant_id=tenant.pk, ref_id="email:1"
        )
    counted = Counted("notification_sends_total", way="email", outcome=outcome)
    with tenant_scope(tenant):
        telling.tell_outside("email:1")
    assert counted.gain() == 1


def put(tenant: TenantModel, url: str, **fields: Any) -> WebhookDelivery:
    """Store an endpoint with a delivery that waits."""
    with in_tenant(tenant):
        endpoint = WebhookEndpoint.objects.create(url=url, events=["*"], **fields)
        delivery: WebhookDelivery = WebhookDelivery.objects.create(endpoint=endpoint, event_type="chat.updated")
    return delivery


def test_what_waits_is_told_by_how_its_endpoint_does(tenant: TenantModel, neighbour: TenantModel) -> None:
    old = put(tenant, "https://a.example/")
    put(neighbour, "https://b.example/", failing_since="2026-01-01T00:00Z")
    paused = put(tenant, "https://c.example/", is_active=False)
    with in_tenant(tenant):
        WebhookDelivery.objects.filter(pk=old.pk).update(created_at="2026-02-01T00:00Z")
        WebhookDelivery.objects.filter(pk=paused.pk).update(created_at="2020-01-01T00:00Z")
        age = put(tenant, "https://d.example/").created_at - WebhookDelivery.objects.get(pk=old.pk).created_at
    waiting = {state: value_of("webhook_waiting", state=state) for state in ("active", "failing", "off")}
    assert waiting == {"active": 2, "failing": 1, "off": 1}
    assert value_of("webhook_endpoints", state="active") == 2
    assert value_of("webhook_oldest_seconds") == pytest.approx(age.total_seconds(), abs=60)


def test_nothing_that_waits_has_no_age(tenant: TenantModel) -> None:
    assert value_of("webhook_oldest_seconds") == 0


def test_a_delivery_that_was_given_up_is_sent_when_its_work_is_run_again(tenant: TenantModel, settings: Any) -> None:
    settings.OUTGOING_ALLOW = LOOPBACK
    again = WorkKind(ring=deliver, run=deliver, died=gave_up, again=WORK_KINDS["delivery"].again)
    with receiving("hanging") as receiver, delivering(total_seconds=0.3), WORK_KINDS.lent(delivery=again):
        endpoint_of(tenant, receiver)
        happen(tenant, "a")
        settle_down()
        with in_tenant(tenant):
            WebhookDelivery.objects.update(status="failed", error="broken")
            WorkItem.objects.update(state="dead", attempts=5)
            WebhookEndpoint.objects.update(blocked_until=None)
        receiver.behaves = "well"
        run_again(WorkItem.objects.values_list("pk", flat=True), tenant_id=tenant.pk, by=None)
        ref_id = WorkItem.objects.get().ref_id
        with tenant_scope(tenant):
            deliver(ref_id)
        settle_down()
    assert receiver.things == ["a"]
    with in_tenant(tenant):
        assert WebhookDelivery.objects.get().status == "delivered"


def test_a_delivery_that_arrived_does_not_wait_again(tenant: TenantModel) -> None:
    delivery = put(tenant, "https://a.example/", is_active=True)
    with in_tenant(tenant):
        WebhookDelivery.objects.update(status="delivered")
        wait_again(str(delivery.pk))
        assert WebhookDelivery.objects.get().status == "delivered"
