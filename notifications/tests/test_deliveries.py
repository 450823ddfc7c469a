"""Every event arrives, at least once and under one id, whatever its endpoint does meanwhile."""

import time
from typing import Any

import pytest
from django.db import connections
from standardwebhooks.webhooks import Webhook

from notifications.models import DeliveryStatus, Notification, WebhookDelivery, WebhookEndpoint
from notifications.services.bodies import event_bodies
from notifications.services.deliveries import deliver, message_id
from notifications.services.endpoint_secrets import signing_secrets
from notifications.services.events import record_event
from notifications.services.webhooks import change_endpoint, create_endpoint, rotate_secret
from notifications.tests.receiver import (
    LOOPBACK,
    Receiver,
    delivering,
    endpoint_of,
    happen,
    pass_time,
    receiving,
    settle_down,
)
from tenants.models import TenantModel, WorkItem
from tenants.scope import in_tenant, tenant_scope

pytestmark = [
    pytest.mark.django_db(transaction=True, databases=["default", "operations"]),
    pytest.mark.usefixtures("_loopback_may_be_called"),
]
MISBEHAVIOURS = ["failing", "hanging", "resetting", "redirecting", "failing at length", "dripping", "refusing"]


@pytest.fixture
def _loopback_may_be_called(settings: Any) -> None:
    settings.OUTGOING_ALLOW = LOOPBACK


def deliveries(tenant: TenantModel, **wanted: Any) -> list[WebhookDelivery]:
    """Return the ledger."""
    with in_tenant(tenant):
        return list(WebhookDelivery.objects.filter(**wanted).order_by("id"))


def test_an_event_arrives_signed_and_with_its_envelope(tenant: TenantModel) -> None:
    with receiving() as receiver, delivering():
        with in_tenant(tenant):
            _endpoint, secret = create_endpoint(url=receiver.url, events=["chat.updated"], by=None)
        happen(tenant, "a")
        settle_down()
    (heard,) = receiver.taken
    assert Webhook(secret).verify(heard.text, heard.headers) == heard.body
    assert set(heard.body) == {"type", "timestamp", "tenant", "data"}
    assert (heard.body["type"], heard.body["tenant"]) == ("chat.updated", "acme")
    assert heard.body["data"] == {"object": "thing", "id": "a"}
    (delivery,) = deliveries(tenant)
    assert (delivery.status, delivery.attempts, delivery.response_status) == ("delivered", 1, 200)
    assert (delivery.response_excerpt, heard.id) == ("thank you", message_id(delivery.pk))


def test_a_body_is_built_when_it_is_sent(tenant: TenantModel) -> None:
    bodies = event_bodies.lent(thing=lambda event: {"thing": {"now": "today's"}})
    with bodies, receiving() as receiver, delivering():
        endpoint_of(tenant, receiver)
        happen(tenant, "a")
    assert receiver.taken[0].body["data"] == {"object": "thing", "id": "a", "thing": {"now": "today's"}}


def test_an_endpoint_gets_the_types_that_it_asked_for(tenant: TenantModel, neighbour: TenantModel) -> None:
    with receiving() as some, receiving() as every, delivering():
        endpoint_of(tenant, some, "chat.rated")
        endpoint_of(tenant, every)
        happen(tenant, "a")
        happen(tenant, "b", event_type="chat.rated")
        happen(neighbour, "theirs")
    assert (some.things, sorted(every.things)) == (["b"], ["a", "b"])


@pytest.mark.parametrize("behaviour", MISBEHAVIOURS)
def test_every_event_arrives_once_after_half_an_hour_of_trouble(tenant: TenantModel, behaviour: str) -> None:
    things = [str(number) for number in range(6)]
    with receiving(behaviour) as receiver, delivering(total_seconds=0.4):
        endpoint_of(tenant, receiver)
        happen(tenant, *things)
        for _step in range(6):
            pass_time(300)
        assert receiver.taken == []
        assert {row.status for row in deliveries(tenant)} == {"pending"}
        receiver.behaves = "well"
        for _step in range(20):
            if len(receiver.taken) == len(things):
                break
            pass_time(300)
        pass_time(86_400)
    assert sorted(receiver.things) == things
    assert {heard.id for heard in receiver.calls} == {message_id(row.pk) for row in deliveries(tenant)}
    assert {row.status for row in deliveries(tenant)} == {"delivered"}


@pytest.mark.parametrize("behaviour", ["hanging", "failing", "dripping"])
def test_an_endpoint_in_trouble_does_not_delay_another(tenant: TenantModel, behaviour: str) -> None:
    things = [str(number) for number in range(30)]
    with receiving(behaviour) as bad, receiving() as good, delivering(total_seconds=1.5):
        endpoint_of(tenant, bad)
        endpoint_of(tenant, good)
        began = time.monotonic()
        happen(tenant, *things)
        while len(good.taken) < len(things) and time.monotonic() - began < 20:
            time.sleep(0.02)
        took = time.monotonic() - began
    assert sorted(good.things, key=int) == things
    assert took < 6
    assert len(bad.calls) <= 10


@pytest.mark.parametrize(
    ("behaviour", "error", "status"),
    [
        ("failing", "HTTP 500", 500),
        ("hanging", "timeout", None),
        ("dripping", "timeout", None),
        ("redirecting", "redirect: not followed", 307),
        ("failing at length", "HTTP 500", 500),
    ],
)
def test_the_ledger_says_what_went_wrong(tenant: TenantModel, behaviour: str, error: str, status: int | None) -> None:
    with receiving(behaviour) as receiver, delivering(total_seconds=0.5):
        endpoint_of(tenant, receiver)
        happen(tenant, "a")
        settle_down()
        (delivery,) = deliveries(tenant)
    assert (delivery.error, delivery.response_status, delivery.status) == (error, status, "pending")
    assert len(delivery.response_excerpt) <= 500
    assert delivery.duration_ms is not None
    assert delivery.duration_ms < 2_000


def told(tenant: TenantModel) -> list[tuple[str, str, Any]]:
    """Return who was told what."""
    with in_tenant(tenant):
        rows = Notification.objects.order_by("id")
        return list(rows.values_list("recipient__email", "notification_type", "params"))


@pytest.mark.usefixtures("admin", "colleague")
def test_an_endpoint_that_is_gone_is_switched_off_at_once(tenant: TenantModel) -> None:
    with receiving("gone") as receiver, delivering():
        endpoint = endpoint_of(tenant, receiver)
        happen(tenant, "a")
        settle_down()
        happen(tenant, "b")
        pass_time(86_400)
    assert len(receiver.calls) == 1
    with in_tenant(tenant):
        endpoint.refresh_from_db()
    assert (endpoint.is_active, endpoint.disabled_reason) == (False, "gone")
    assert told(tenant) == [("admin@acme.example", "webhook_paused", {"host": "127.0.0.1"})]
    assert [row.status for row in deliveries(tenant)] == ["failed"]


def test_an_endpoint_that_asks_for_time_gets_it(tenant: TenantModel) -> None:
    with receiving("asking for time") as receiver, delivering():
        endpoint_of(tenant, receiver)
        happen(tenant, "a")
        settle_down()
        receiver.behaves = "well"
        pass_time(3_600)
        assert len(receiver.calls) == 1
        pass_time(3_700)
        pass_time(3_600)
    assert receiver.things == ["a"]


def only_failures_for_days(tenant: TenantModel, receiver: Receiver) -> WebhookEndpoint:
    """Let an endpoint fail until it pauses itself."""
    endpoint = endpoint_of(tenant, receiver)
    happen(tenant, "a", "b", "c")
    for _day in range(6):
        pass_time(90_000)
    with in_tenant(tenant):
        endpoint.refresh_from_db()
    return endpoint


@pytest.mark.usefixtures("admin")
def test_after_days_of_failures_an_endpoint_pauses_and_what_waits_goes_out_when_it_resumes(
    tenant: TenantModel, settings: Any
) -> None:
    settings.WEBHOOK_PAUSE_AFTER_HOURS = 72
    with receiving("failing") as receiver, delivering():
        endpoint = only_failures_for_days(tenant, receiver)
        assert (endpoint.is_active, endpoint.disabled_reason) == (False, "failing")
        assert [kind for _who, kind, _params in told(tenant)] == ["webhook_paused"]
        calls = len(receiver.calls)
        happen(tenant, "d")
        pass_time(90_000)
        assert len(receiver.calls) == calls
        receiver.behaves = "well"
        waiting = [row for row in deliveries(tenant) if row.status == "pending"]
        with in_tenant(tenant):
            change_endpoint(endpoint, by=None, is_active=True)
        settle_down()
    assert "d" in receiver.things
    assert len(receiver.taken) == len(waiting) >= 2


def test_a_delivery_that_fails_for_five_days_is_given_up_and_seen(tenant: TenantModel, settings: Any) -> None:
    settings.WEBHOOK_PAUSE_AFTER_HOURS = 10_000
    with receiving("refusing") as receiver, delivering():
        endpoint_of(tenant, receiver)
        happen(tenant, "a")
        for _day in range(7):
            pass_time(90_000)
    (delivery,) = deliveries(tenant)
    assert (delivery.status, delivery.error) == ("failed", "HTTP 400")
    assert not WorkItem.objects.filter(kind="delivery", state="ready").exists()


def test_a_worker_that_dies_during_a_call_leaves_the_delivery_to_another(tenant: TenantModel) -> None:
    with receiving() as receiver, delivering():
        endpoint_of(tenant, receiver)
        with in_tenant(tenant):
            record_event("chat.updated", object_type="thing", object_id="a")
            WorkItem.objects.filter(kind="delivery").update(
                state="leased", lease_token="00000000-0000-4000-8000-000000000001", lease_until="2100-01-01T00:00Z"
            )
        assert receiver.calls == []
        with connections["operations"].cursor() as cursor:
            ago = "now() - interval '1 minute'"
            cursor.execute(f"UPDATE tenants_workitem SET rung_at = {ago}, lease_until = {ago}")
        pass_time(0)
    assert receiver.things == ["a"]


def test_two_rings_at_once_make_one_call(tenant: TenantModel) -> None:
    with receiving() as receiver, delivering():
        endpoint_of(tenant, receiver)
        happen(tenant, "a")
        (delivery,) = deliveries(tenant)
        with tenant_scope(tenant):
            for _ring in range(3):
                deliver(str(delivery.pk))
    assert len(receiver.calls) == 1


def test_a_backlog_goes_out_one_after_another_without_a_ring_for_each(tenant: TenantModel) -> None:
    things = [str(number) for number in range(40)]
    with receiving("failing") as receiver, delivering():
        endpoint_of(tenant, receiver)
        happen(tenant, *things)
        pass_time(300)
        receiver.behaves = "well"
        for _probe in range(4):
            if receiver.taken:
                break
            pass_time(300)
        settle_down()
    assert sorted(receiver.things, key=int) == things


def test_a_body_that_cannot_be_built_is_tried_again_and_then_seen(tenant: TenantModel) -> None:
    def broken(event: Any) -> dict[str, Any]:
        raise RuntimeError("broken")

    with event_bodies.lent(thing=broken), receiving() as receiver, delivering():
        endpoint_of(tenant, receiver)
        happen(tenant, "a")
        for _time in range(6):
            pass_time(60)
    assert receiver.calls == []
    (delivery,) = deliveries(tenant)
    assert (delivery.status, delivery.error) == (DeliveryStatus.FAILED, "RuntimeError: broken")


def test_while_a_secret_is_replaced_both_sign(tenant: TenantModel) -> None:
    with receiving() as receiver, delivering():
        with in_tenant(tenant):
            endpoint, old = create_endpoint(url=receiver.url, events=["*"], by=None)
            new = rotate_secret(endpoint, by=None)
            assert signing_secrets(endpoint) == [new, old]
        happen(tenant, "a")
        settle_down()
        with connections["operations"].cursor() as cursor:
            cursor.execute("UPDATE notifications_webhookendpoint SET previous_secret_until = now()")
        happen(tenant, "b")
    both, alone = receiver.taken
    for secret in (old, new):
        Webhook(secret).verify(both.text, both.headers)
    assert [len(heard.headers["webhook-signature"].split()) for heard in (both, alone)] == [2, 1]
    Webhook(new).verify(alone.text, alone.headers)
