"""API keys by REST: what none can be made with."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from tenants.models import APIKey, TenantModel, User
from tenants.scope import in_tenant
from tests.support.administration import browser_of
from tests.support.cast import client_of

pytestmark = pytest.mark.django_db
KEYS = "/api/v1/api-keys/"
OVER = timezone.now() - timedelta(minutes=1)


@pytest.mark.parametrize("scope", ["everything", "chats", "chats:delete", "chat:read", ":read", "messages:read"])
def test_a_scope_that_opens_nothing_is_refused_with_those_that_are(
    scope: str, owner: User, tenant: TenantModel
) -> None:
    answer = client_of(owner).post(KEYS, {"name": "shop", "permissions": [scope]}, format="json")
    (error,) = answer.json()["errors"]
    assert (answer.status_code, error["attr"]) == (400, "permissions")
    assert "contacts, " in error["detail"]
    with in_tenant(tenant):
        assert not APIKey.objects.exists()


@pytest.mark.parametrize("scope", ["chats:read", "audit-logs:read", "tenants:write", "messages:speak_as", "*"])
def test_what_opens_something_is_taken(scope: str, owner: User, tenant: TenantModel) -> None:
    assert client_of(owner).post(KEYS, {"name": "shop", "permissions": [scope]}, format="json").status_code == 201


def test_a_key_that_has_expired_already_is_not_made(admin: User, tenant: TenantModel) -> None:
    body: dict[str, Any] = {"name": "shop", "permissions": ["*"], "expiry_date": OVER.isoformat()}
    answer = client_of(admin).post(KEYS, body, format="json")
    assert (answer.status_code, answer.json()["errors"][0]["attr"]) == (400, "expiry_date")
    form = {"key_name": "shop", "permissions": ["*"], "expiry_date_0": "2020-01-01", "expiry_date_1": "10:00"}
    assert browser_of(admin).post("/admin/tenants/apikey/add/", form).status_code == 200
    with in_tenant(tenant):
        assert not APIKey.objects.exists()


def test_a_key_that_has_expired_can_be_renamed_with_its_time(admin: User, tenant: TenantModel) -> None:
    with in_tenant(tenant):
        key = APIKey.objects.create(key_name="old", key_hash="x", permissions=["*"], expiry_date=OVER)
    body = {"name": "older", "expiry_date": OVER.isoformat()}
    assert client_of(admin).patch(f"{KEYS}{key.pk}/", body, format="json").status_code == 200
