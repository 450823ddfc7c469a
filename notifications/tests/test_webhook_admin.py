"""Webhooks in the administration: made with a secret that is shown once, tried, resumed and sent again."""

from typing import Any

import pytest
from django.urls import reverse

from notifications.models import DisabledReason, WebhookDelivery, WebhookEndpoint
from notifications.services.closing import close_endpoint
from notifications.services.endpoint_secrets import signing_secrets
from notifications.services.webhooks import create_endpoint, try_endpoint
from tenants.models import TenantModel, User, WorkItem
from tenants.scope import OPERATIONS, in_tenant
from tests.support.administration import browser_of

pytestmark = pytest.mark.django_db(databases=["default", OPERATIONS])
LIST = "admin:notifications_webhookendpoint_changelist"
DELIVERIES = "admin:notifications_webhookdelivery_changelist"


@pytest.fixture
def endpoint(tenant: TenantModel) -> WebhookEndpoint:
    """An endpoint of the tenant."""
    with in_tenant(tenant):
        return create_endpoint(url="https://example.com/hook", events=["chat.rated"], by=None)[0]


def act(user: User, place: str, action: str, *rows: Any) -> Any:
    """Choose an action of a list for these rows."""
    chosen = {"action": action, "_selected_action": [str(row.pk) for row in rows]}
    return browser_of(user).post(reverse(place), chosen, follow=True)


def test_an_endpoint_is_made_and_its_secret_shown_once(tenant: TenantModel, admin: User) -> None:
    wanted = {"url": "https://example.com/hook", "description": "", "events": ["chat.rated", "chat.completed"]}
    response = browser_of(admin).post(reverse("admin:notifications_webhookendpoint_add"), wanted)
    with in_tenant(tenant):
        made = WebhookEndpoint.objects.get()
        (secret,) = signing_secrets(made)
    assert secret in response.content.decode()
    assert "no-store" in response["Cache-Control"]
    assert (made.events, made.user_id) == (["chat.rated", "chat.completed"], admin.pk)
    shown = browser_of(admin).get(reverse("admin:notifications_webhookendpoint_change", args=[made.pk]))
    assert secret not in shown.content.decode()


def test_an_address_that_could_never_be_called_is_refused(tenant: TenantModel, admin: User) -> None:
    wanted = {"url": "http://169.254.169.254/", "description": "", "events": ["*"]}
    response = browser_of(admin).post(reverse("admin:notifications_webhookendpoint_add"), wanted)
    assert "169.254.169.254" in response.content.decode()
    with in_tenant(tenant):
        assert not WebhookEndpoint.objects.exists()


def test_a_paused_endpoint_is_resumed_and_what_waits_goes_out(
    tenant: TenantModel, endpoint: WebhookEndpoint, admin: User
) -> None:
    with in_tenant(tenant):
        try_endpoint(endpoint, by=None)
        close_endpoint(endpoint, DisabledReason.FAILING)
        WorkItem.objects.filter(kind="delivery").update(state="done")
    act(admin, LIST, "switch_on", endpoint)
    with in_tenant(tenant):
        endpoint.refresh_from_db()
    assert (endpoint.is_active, endpoint.disabled_reason) == (True, "")
    assert WorkItem.objects.get(kind="delivery").state == "ready"


def test_a_secret_is_replaced_for_one_endpoint_at_a_time(
    tenant: TenantModel, endpoint: WebhookEndpoint, admin: User
) -> None:
    with in_tenant(tenant):
        other, _secret = create_endpoint(url="https://example.org/", events=["*"], by=None)
    act(admin, LIST, "replace_secret", endpoint, other)
    response = act(admin, LIST, "replace_secret", endpoint)
    with in_tenant(tenant):
        endpoint.refresh_from_db()
        new, _old = signing_secrets(endpoint)
        other.refresh_from_db()
        assert len(signing_secrets(other)) == 1
    assert new in response.content.decode()


def test_trials_and_deliveries_are_sent_again(tenant: TenantModel, endpoint: WebhookEndpoint, admin: User) -> None:
    act(admin, LIST, "send_trial", endpoint)
    with in_tenant(tenant):
        delivery = WebhookDelivery.objects.get()
        WebhookDelivery.objects.update(status="failed")
    WorkItem.objects.filter(kind="delivery").update(state="done")
    page = act(admin, DELIVERIES, "send_again", delivery)
    assert "webhook.test" in page.content.decode()
    with in_tenant(tenant):
        delivery.refresh_from_db()
    assert delivery.status == "pending"
    assert WorkItem.objects.get(kind="delivery").state == "ready"


def test_an_endpoint_is_deleted_with_its_deliveries(
    tenant: TenantModel, endpoint: WebhookEndpoint, admin: User
) -> None:
    act(admin, LIST, "send_trial", endpoint)
    place = reverse("admin:notifications_webhookendpoint_delete", args=[endpoint.pk])
    browser_of(admin).post(place, {"post": "yes"})
    with in_tenant(tenant):
        assert (WebhookEndpoint.objects.count(), WebhookDelivery.objects.count()) == (0, 0)


def test_who_answers_people_does_not_see_webhooks(
    tenant: TenantModel, endpoint: WebhookEndpoint, colleague: User
) -> None:
    for place in (LIST, DELIVERIES):
        assert browser_of(colleague).get(reverse(place)).status_code == 403
