"""Pages elsewhere: who may read the answers is each tenant's own list of origins (decision 29)."""

from typing import Any

import pytest
from django.core.exceptions import ValidationError
from rest_framework.test import APIClient

from tenants.models import TenantModel
from tenants.services.config import forget_settings
from tenants.services.origins import forget_origins
from tests.support.cast import Visitor, client_with_key, make_visitor, publishable_key

pytestmark = pytest.mark.django_db
SHOP, OTHER = "https://shop.example", "https://other.example"
CHATS = "/api/v1/chats/"
CONFIG = "/api/v1/widget/config/"


def allow(tenant: TenantModel, *origins: str) -> None:
    """Set the origins whose pages a tenant allows."""
    tenant.settings = {"allowed_origins": list(origins)}
    tenant.save()
    forget_settings()
    forget_origins()


def readers(response: Any) -> str | None:
    """Return which origin may read an answer."""
    told: str | None = response.get("Access-Control-Allow-Origin")
    return told


def preflight(path: str, origin: str, headers: str = "authorization,content-type,idempotency-key") -> Any:
    asked: Any = {"HTTP_ACCESS_CONTROL_REQUEST_METHOD": "POST", "HTTP_ACCESS_CONTROL_REQUEST_HEADERS": headers}
    return APIClient().options(path, HTTP_ORIGIN=origin, **asked)


def test_a_tenants_own_origins_may_read_its_visitors_answers(
    tenant: TenantModel, neighbour: TenantModel, visitor: Visitor
) -> None:
    allow(tenant, SHOP)
    allow(neighbour, OTHER)
    assert readers(visitor.client.get(CHATS, HTTP_ORIGIN=SHOP)) == SHOP
    assert readers(visitor.client.get(CHATS, HTTP_ORIGIN=OTHER)) is None, "that is the neighbour's"
    theirs = make_visitor(neighbour)
    assert readers(theirs.client.get(CHATS, HTTP_ORIGIN=OTHER)) == OTHER
    assert readers(theirs.client.get(CHATS, HTTP_ORIGIN=SHOP)) is None


def test_an_origin_that_is_taken_out_may_read_no_more(tenant: TenantModel, visitor: Visitor) -> None:
    allow(tenant, SHOP)
    assert readers(visitor.client.get(CHATS, HTTP_ORIGIN=SHOP)) == SHOP
    allow(tenant)
    assert readers(visitor.client.get(CHATS, HTTP_ORIGIN=SHOP)) is None


def test_a_preflight_is_granted_to_origins_that_some_tenant_allows(tenant: TenantModel) -> None:
    allow(tenant, SHOP)
    granted = preflight(CHATS, SHOP)
    assert (granted.status_code, readers(granted)) == (200, SHOP)
    assert "idempotency-key" in granted["Access-Control-Allow-Headers"]
    assert "DELETE" not in granted["Access-Control-Allow-Methods"]
    assert readers(preflight(CHATS, OTHER)) is None
    tenant.is_active = False
    tenant.save()
    forget_origins()
    assert readers(preflight(CHATS, SHOP)) is None


def test_a_refusal_on_the_widgets_paths_can_be_read_and_nothing_else(tenant: TenantModel) -> None:
    allow(tenant, SHOP)
    address = f"{CONFIG}?key={publishable_key(tenant)}"
    allowed, refused = (APIClient().get(address, HTTP_ORIGIN=origin) for origin in (SHOP, OTHER))
    assert (allowed.status_code, readers(allowed)) == (200, SHOP)
    assert (refused.status_code, readers(refused)) == (403, OTHER)
    assert readers(preflight("/api/v1/widget/sessions/", OTHER)) == OTHER, "or the refusal of a POST could not be read"
    assert readers(APIClient().get(f"{CONFIG}?key=pk_unknown", HTTP_ORIGIN=OTHER)) is None


def test_no_cookie_is_ever_wanted_from_elsewhere(tenant: TenantModel, visitor: Visitor) -> None:
    allow(tenant, SHOP)
    answers = [visitor.client.get(CHATS, HTTP_ORIGIN=SHOP), preflight(CHATS, SHOP)]
    assert [answer.get("Access-Control-Allow-Credentials") for answer in answers] == [None, None]
    assert all("origin" in answer["Vary"].lower() for answer in answers)


@pytest.mark.parametrize("path", ["/api/v1/agents/", "/api/v1/api-keys/", "/api/v1/auth/login/", "/admin/login/"])
def test_other_paths_are_for_no_page_elsewhere(tenant: TenantModel, path: str) -> None:
    allow(tenant, SHOP)
    assert readers(client_with_key(tenant).get(path, HTTP_ORIGIN=SHOP)) is None
    assert readers(preflight(path, SHOP)) is None


@pytest.mark.parametrize(
    "origin",
    ["*", "null", "https://*.example", "shop.example", "https://shop.example/", "https://Shop.example", "javascript:x",
     "https://shop.example/path", "https://user@shop.example", "ftp://shop.example", "https://shop.example:port", 7],
)  # fmt: skip
def test_what_is_no_origin_is_refused(tenant: TenantModel, origin: Any) -> None:
    tenant.settings = {"allowed_origins": [SHOP, origin]}
    with pytest.raises(ValidationError, match="allowed_origins"):
        tenant.full_clean()


@pytest.mark.parametrize("origin", [SHOP, "http://localhost:3000", "https://[2001:db8::1]:8443", "http://127.0.0.1:9"])
def test_what_a_browser_sends_is_accepted(tenant: TenantModel, origin: str) -> None:
    tenant.settings = {"allowed_origins": [origin]}
    tenant.full_clean()


@pytest.mark.parametrize("origin", ["http://[", "http://a]b", "[", "://", "null"])
def test_an_origin_that_is_no_address_is_refused_like_any_other(origin: str, tenant: TenantModel) -> None:
    key = publishable_key(tenant)
    assert APIClient().get(CONFIG, {"key": key}, HTTP_ORIGIN=origin).status_code == 403
    assert readers(client_with_key(tenant).get(CHATS, HTTP_ORIGIN=origin)) is None
