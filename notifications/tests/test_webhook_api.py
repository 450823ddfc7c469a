"""Webhooks by REST: who may, what is shown once, and what each act leaves in the audit log."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from standardwebhooks.webhooks import Webhook

from audit.models import AuditLog
from notifications.models import WebhookDelivery, WebhookEndpoint
from notifications.services.webhooks import MOST_ENDPOINTS
from notifications.tests.receiver import LOOPBACK, delivering, endpoint_of, happen, receiving, settle_down
from tenants.models import TenantModel, User
from tenants.scope import in_tenant
from tests.support.cast import Visitor, client_of, client_with_key

ADDRESS = "/api/v1/webhooks/"
WANTED = {"url": "https://example.com/hook", "events": ["message.created"]}
pytestmark = pytest.mark.django_db


def made(client: Any, **changes: Any) -> dict[str, Any]:
    """Add an endpoint and return the answer's body."""
    response = client.post(ADDRESS, {**WANTED, **changes})
    assert response.status_code == 201, response.json()
    body: dict[str, Any] = response.json()
    return body


def acts(tenant: TenantModel) -> list[str]:
    """Return what the audit log holds about webhooks."""
    with in_tenant(tenant):
        rows = AuditLog.objects.filter(object_type="webhookendpoint").order_by("id")
        return list(rows.values_list("action", flat=True))


def test_the_secret_is_shown_once(tenant: TenantModel, admin: User) -> None:
    client = client_of(admin)
    body = made(client)
    Webhook(body["secret"])
    shown = client.get(f"{ADDRESS}{body['id']}/").json()
    assert "secret" not in shown
    assert (shown["url"], shown["events"], shown["is_active"]) == (WANTED["url"], WANTED["events"], True)
    with in_tenant(tenant):
        stored = WebhookEndpoint.objects.get()
    assert body["secret"] not in stored.secret
    assert stored.user_id == admin.pk


@pytest.mark.parametrize(
    "url",
    ["http://127.0.0.1/", "http://0x7f.1/", "http://[::1]/", "ftp://example.com/", "https://u:p@example.com/",
     "http://localhost:8000/", "nonsense", "http://10.0.0.1/", "http://example.com:22/"],
)  # fmt: skip
def test_an_address_that_could_never_be_called_is_refused(tenant: TenantModel, admin: User, url: str) -> None:
    client = client_of(admin)
    response = client.post(ADDRESS, {**WANTED, "url": url})
    assert (response.status_code, response.json()["errors"][0]["attr"]) == (400, "url")
    changed = client.patch(f"{ADDRESS}{made(client)['id']}/", {"url": url})
    assert changed.status_code == 400


@pytest.mark.parametrize("events", [[], ["chat.exploded"], "message.created", [1], None])
def test_types_of_events_that_there_are_not_are_refused(tenant: TenantModel, admin: User, events: Any) -> None:
    response = client_of(admin).post(ADDRESS, {**WANTED, "events": events})
    assert response.status_code == 400


def test_a_tenant_has_so_many_endpoints_and_no_more(tenant: TenantModel, admin: User) -> None:
    client = client_of(admin)
    for _number in range(MOST_ENDPOINTS):
        made(client)
    assert client.post(ADDRESS, WANTED).status_code == 409


def test_every_act_is_in_the_audit_log(tenant: TenantModel, admin: User) -> None:
    client = client_of(admin)
    place = f"{ADDRESS}{made(client)['id']}/"
    assert client.patch(place, {"description": "ours"}).status_code == 200
    assert client.patch(place, {"is_active": False}).json()["disabled_reason"] == "person"
    assert client.patch(place, {"is_active": True}).json()["disabled_reason"] == ""
    assert client.post(f"{place}rotate/", {}).status_code == 200
    assert client.post(f"{place}test/", {}).status_code == 202
    assert client.post(f"{place}replay/", {"since": datetime.now(tz=UTC).isoformat()}).status_code == 202
    delivery = client.get(f"{place}deliveries/").json()["results"][0]["id"]
    assert client.post(f"{place}deliveries/{delivery}/redeliver/", {}).status_code == 202
    assert client.delete(place).status_code == 204
    assert acts(tenant) == [
        "webhook_created", "webhook_changed", "webhook_closed", "webhook_opened", "webhook_secret_rotated",
        "webhook_tried", "webhook_replayed", "webhook_redelivered", "webhook_deleted",
    ]  # fmt: skip


def test_a_new_secret_is_shown_once_and_the_old_one_stays_for_a_time(tenant: TenantModel, admin: User) -> None:
    client = client_of(admin)
    before = made(client)
    after = client.post(f"{ADDRESS}{before['id']}/rotate/", {"keep_previous_hours": 2}).json()
    assert after["secret"] != before["secret"]
    until = datetime.fromisoformat(after["previous_secret_until"])
    assert timedelta(hours=1, minutes=59) < until - datetime.now(tz=UTC) <= timedelta(hours=2)
    assert client.post(f"{ADDRESS}{before['id']}/rotate/", {"keep_previous_hours": 1000}).status_code == 400


@pytest.mark.django_db(transaction=True, databases=["default", "operations"])
def test_a_trial_a_redelivery_and_a_replay_arrive(tenant: TenantModel, admin: User, settings: Any) -> None:
    settings.OUTGOING_ALLOW = LOOPBACK
    client = client_of(admin)
    with receiving() as receiver, delivering():
        began = datetime.now(tz=UTC) - timedelta(minutes=1)
        happen(tenant, "before")
        place = f"{ADDRESS}{endpoint_of(tenant, receiver, 'chat.updated').pk}/"
        trial = client.post(f"{place}test/", {}).json()
        settle_down()
        assert receiver.taken.pop().body["type"] == "webhook.test"
        happen(tenant, "a")
        settle_down()
        first = receiver.taken.pop()
        for delivery in client.get(f"{place}deliveries/", {"status": "delivered"}).json()["results"]:
            if delivery["id"] != trial["id"]:
                client.post(f"{place}deliveries/{delivery['id']}/redeliver/", {})
        settle_down()
        assert receiver.taken.pop().id == first.id
        answer = client.post(f"{place}replay/", {"since": began.isoformat()}).json()
        settle_down()
        assert [heard.body["data"]["id"] for heard in receiver.taken] == ["before"]
        assert answer["count"] == 1
        receiver.taken.clear()
        answer = client.post(f"{place}replay/", {"since": began.isoformat(), "delivered": True}).json()
    assert answer["count"] == 2
    assert sorted(receiver.things) == ["a", "before"]
    assert first.id in {heard.id for heard in receiver.taken}


@pytest.mark.parametrize("since", ["", "yesterday", "2020-01-01T00:00:00Z", "2999-01-01T00:00:00Z"])
def test_a_replay_needs_a_time_of_which_there_are_events(tenant: TenantModel, admin: User, since: str) -> None:
    client = client_of(admin)
    assert client.post(f"{ADDRESS}{made(client)['id']}/replay/", {"since": since}).status_code == 400


def test_deliveries_are_filtered_by_status(tenant: TenantModel, admin: User) -> None:
    client = client_of(admin)
    place = f"{ADDRESS}{made(client)['id']}/"
    client.post(f"{place}test/", {})
    assert len(client.get(f"{place}deliveries/", {"status": "pending"}).json()["results"]) == 1
    assert client.get(f"{place}deliveries/", {"status": "failed"}).json()["results"] == []
    assert client.get(f"{place}deliveries/", {"status": "lost"}).status_code == 400


def test_agents_viewers_and_visitors_change_nothing(
    tenant: TenantModel, colleague: User, viewer: User, visitor: Visitor
) -> None:
    for client in (client_of(colleague), client_of(viewer), visitor.client, client_with_key(tenant, "webhooks:read")):
        assert client.post(ADDRESS, WANTED).status_code == 403
    assert client_of(viewer).get(ADDRESS).status_code == 200
    assert visitor.client.get(ADDRESS).status_code == 403
    assert client_with_key(tenant, "webhooks:write").post(ADDRESS, WANTED).status_code == 201


def test_a_neighbours_webhooks_are_not_there(tenant: TenantModel, admin: User, outsider: User) -> None:
    mine = client_of(admin)
    place = f"{ADDRESS}{made(mine)['id']}/"
    delivery = mine.post(f"{place}test/", {}).json()["id"]
    client = client_of(outsider)
    assert client.get(ADDRESS).json()["results"] == []
    assert client.get(place).status_code == 404
    assert client.patch(place, {"description": "theirs"}).status_code == 404
    assert client.delete(place).status_code == 404
    since = {"since": datetime.now(tz=UTC).isoformat()}
    for path, body in (("test/", {}), ("rotate/", {}), ("replay/", since), (f"deliveries/{delivery}/redeliver/", {})):
        assert client.post(f"{place}{path}", body).status_code == 404
    for path in ("deliveries/", f"deliveries/{delivery}/"):
        assert client.get(f"{place}{path}").status_code == 404
    with in_tenant(tenant):
        assert (WebhookEndpoint.objects.count(), WebhookDelivery.objects.get().attempts) == (1, 0)
