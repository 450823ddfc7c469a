"""The page behind an invitation's link."""

from typing import Any

import pytest
from django.test import Client

from tenants.models import Membership, Role, TenantModel, User
from tenants.scope import OPERATIONS, in_tenant
from tenants.services.actors import Actor
from tenants.services.invitations import invite, token_of
from tests.support.administration import browser_of

pytestmark = pytest.mark.django_db(databases=["default", OPERATIONS])
CHOSEN = "seventeen green umbrellas"


@pytest.fixture
def link(tenant: TenantModel, admin: User) -> str:
    """The way of a link for somebody new."""
    return link_for(tenant, admin, "new@acme.example")


def link_for(tenant: TenantModel, admin: User, email: str) -> str:
    with in_tenant(tenant):
        return f"/invitations/{token_of(invite(Actor(admin, Role.ADMIN), email, Role.AGENT))}/"


def is_member(tenant: TenantModel, email: str) -> bool:
    with in_tenant(tenant):
        return Membership.objects.filter(user__email=email).exists()


def test_somebody_new_chooses_a_password_here_and_logs_in(link: str, tenant: TenantModel) -> None:
    browser = Client()
    page = browser.get(link)
    assert "new@acme.example" in page.content.decode()
    assert page.headers["Referrer-Policy"] == "same-origin"
    assert "no-store" in page.headers["Cache-Control"]
    response = browser.post(link, {"password": CHOSEN, "first_name": "Ana"})
    assert response.status_code == 302
    assert is_member(tenant, "new@acme.example")
    assert User.objects.get(email="new@acme.example").check_password(CHOSEN)
    assert browser.get(link).status_code == 404


def test_looking_accepts_nothing(link: str, tenant: TenantModel) -> None:
    Client().get(link)
    assert not is_member(tenant, "new@acme.example")


def test_a_weak_password_is_said_to_be_weak(link: str, tenant: TenantModel) -> None:
    response = Client().post(link, {"password": "12345"})
    assert response.status_code == 400
    assert 'role="alert"' in response.content.decode()
    assert not is_member(tenant, "new@acme.example")


def test_who_has_an_account_accepts_after_logging_in(tenant: TenantModel, admin: User, outsider: User) -> None:
    link = link_for(tenant, admin, outsider.email)
    assert Client().post(link, {"password": CHOSEN}).status_code == 409
    browser = browser_of(outsider)
    assert browser.post(link).status_code == 302
    assert is_member(tenant, outsider.email)


def test_another_person_who_is_logged_in_cannot_take_it(link: str, outsider: User, tenant: TenantModel) -> None:
    browser = browser_of(outsider)
    assert "Log out" in browser.get(link).content.decode()
    assert browser.post(link).status_code == 400
    assert not is_member(tenant, outsider.email)


def test_a_form_of_another_page_accepts_nothing(link: str) -> None:
    assert Client(enforce_csrf_checks=True).post(link, {"password": CHOSEN}).status_code == 403


@pytest.mark.parametrize("language", ["es", "en"])
def test_the_page_speaks_the_tenants_language(link: str, tenant: TenantModel, language: str) -> None:
    TenantModel.objects.filter(pk=tenant.pk).update(default_language=language)
    page: Any = Client().get(link)
    assert {"es": "Te invitan a Acme", "en": "You are invited to Acme"}[language] in page.content.decode()
