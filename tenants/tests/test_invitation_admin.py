"""Invitations in the administration."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from audit.models import AuditLog
from tenants.models import Invitation, TenantModel, User
from tenants.scope import OPERATIONS, in_tenant
from tests.support.administration import browser_of

pytestmark = pytest.mark.django_db(databases=["default", OPERATIONS])
LIST = "admin:tenants_invitation_changelist"


def invite(browser: Client, role: str = "agent", email: str = "New@acme.example") -> Any:
    return browser.post(reverse("admin:tenants_invitation_add"), {"email": email, "role": role}, follow=True)


def shown_by(response: Any) -> str:
    return " ".join(str(message) for message in response.context["messages"])


def invited(tenant: TenantModel) -> list[str]:
    with in_tenant(tenant):
        return list(Invitation.objects.values_list("email", flat=True))


def test_who_invites_without_mail_hands_the_link_over(admin: User, tenant: TenantModel) -> None:
    response = invite(browser_of(admin))
    link = shown_by(response).partition("this once: ")[2].split()[0]
    assert Client().get(link[link.index("/invitations/") :]).status_code == 200
    assert invited(tenant) == ["new@acme.example"]
    with in_tenant(tenant):
        assert AuditLog.objects.get(action="member_invited").actor_id == admin.pk


@pytest.mark.parametrize(("who", "made"), [("admin", []), ("owner", ["new@acme.example"])])
def test_owners_are_invited_by_owners(
    who: str, made: list[str], tenant: TenantModel, request: pytest.FixtureRequest
) -> None:
    invite(browser_of(request.getfixturevalue(who)), role="owner")
    assert invited(tenant) == made


def test_members_and_the_invited_are_not_invited_again(admin: User, colleague: User, tenant: TenantModel) -> None:
    browser = browser_of(admin)
    assert "email" in invite(browser, email=colleague.email).context["adminform"].form.errors
    invite(browser)
    assert "email" in invite(browser).context["adminform"].form.errors


def act(browser: Client, tenant: TenantModel, name: str) -> Any:
    with in_tenant(tenant):
        ids = [str(pk) for pk in Invitation.objects.values_list("pk", flat=True)]
    data = {"action": name, "_selected_action": ids, "post": "yes"}
    return browser.post(reverse(LIST), data, follow=True)


def test_sending_again_makes_another_link(admin: User, tenant: TenantModel) -> None:
    browser = browser_of(admin)
    first = shown_by(invite(browser)).partition("this once: ")[2].split()[0]
    second = shown_by(act(browser, tenant, "send_again")).partition("this once: ")[2].split()[0]
    assert first != second
    assert Client().get(first[first.index("/invitations/") :]).status_code == 404


def test_withdrawing_is_for_those_who_may_give_the_role(owner: User, admin: User, tenant: TenantModel) -> None:
    invite(browser_of(owner), role="owner")
    act(browser_of(admin), tenant, "delete_selected")
    assert invited(tenant) == ["new@acme.example"]
    act(browser_of(owner), tenant, "delete_selected")
    assert invited(tenant) == []
