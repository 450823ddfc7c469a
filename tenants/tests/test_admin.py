"""People, members and keys in the administration."""

from typing import Any

import pytest
from django.contrib.auth.hashers import identify_hasher
from django.test import Client
from django.urls import reverse

from tenants.models import APIKey, Membership, Role, TenantModel, User
from tenants.scope import in_tenant
from tenants.services.credentials import caller_of_key
from tests.support.administration import browser_of
from tests.support.cast import member


def messages_of(response: Any) -> str:
    return " ".join(str(message) for message in response.context["messages"])


def add_member(browser: Client, email: str, role: str) -> Any:
    return browser.post(reverse("admin:tenants_membership_add"), {"email": email, "role": role}, follow=True)


def role_of(tenant: TenantModel, email: str) -> str | None:
    with in_tenant(tenant):
        return Membership.objects.filter(user__email=email).values_list("role", flat=True).first()


def test_a_new_member_gets_a_user_whose_password_is_shown_once(operator: User, tenant: TenantModel) -> None:
    response = add_member(browser_of(operator, tenant), "New@acme.example", Role.AGENT)
    user = User.objects.get(email="new@acme.example")
    password = messages_of(response).partition("shown this once: ")[2].split()[0]
    assert user.check_password(password)
    assert user.is_staff
    assert role_of(tenant, user.email) == Role.AGENT


def test_a_member_of_elsewhere_keeps_its_password(operator: User, tenant: TenantModel, outsider: User) -> None:
    before = outsider.password
    response = add_member(browser_of(operator, tenant), outsider.email, Role.VIEWER)
    outsider.refresh_from_db()
    assert outsider.password == before
    assert "shown this once" not in messages_of(response)
    assert role_of(tenant, outsider.email) == Role.VIEWER


def test_nobody_is_a_member_twice(operator: User, colleague: User, tenant: TenantModel) -> None:
    response = add_member(browser_of(operator, tenant), colleague.email, Role.VIEWER)
    assert "email" in response.context["adminform"].form.errors


@pytest.mark.parametrize("who", ["admin", "owner"])
def test_to_all_others_an_account_belongs_to_somebody_else(
    who: str, tenant: TenantModel, outsider: User, request: pytest.FixtureRequest
) -> None:
    browser = browser_of(request.getfixturevalue(who))
    assert add_member(browser, outsider.email, Role.AGENT).status_code == 403
    assert role_of(tenant, outsider.email) is None


def membership(tenant: TenantModel, user: User) -> Membership:
    with in_tenant(tenant):
        found: Membership = Membership.objects.get(user=user)
    return found


def change(browser: Client, row: Membership, role: str) -> int:
    return browser.post(reverse("admin:tenants_membership_change", args=[row.pk]), {"role": role}).status_code


def test_an_administrator_does_not_touch_owners(admin: User, owner: User, tenant: TenantModel) -> None:
    browser, row = browser_of(admin), membership(tenant, owner)
    assert change(browser, row, Role.VIEWER) == 403
    assert browser.post(reverse("admin:tenants_membership_delete", args=[row.pk]), {"post": "yes"}).status_code == 403
    assert role_of(tenant, owner.email) == Role.OWNER


def test_the_last_owner_stays(owner: User, tenant: TenantModel) -> None:
    row = membership(tenant, owner)
    assert change(browser_of(owner), row, Role.VIEWER) == 403
    data = {"action": "delete_selected", "_selected_action": [str(row.pk)], "post": "yes"}
    browser_of(owner).post(reverse("admin:tenants_membership_changelist"), data)
    assert role_of(tenant, owner.email) == Role.OWNER


def test_one_of_two_owners_may_go(owner: User, tenant: TenantModel) -> None:
    second = User.objects.create_user("second@acme.example", "a long password")
    with in_tenant(tenant):
        Membership.objects.create(user=second, role=Role.OWNER)
    assert change(browser_of(owner), membership(tenant, second), Role.VIEWER) == 302
    assert role_of(tenant, second.email) == Role.VIEWER


def test_a_key_is_shown_when_it_is_made_and_never_again(admin: User, tenant: TenantModel) -> None:
    browser = browser_of(admin)
    data = {"key_name": "shop", "permissions": ["chats:read"]}
    response = browser.post(reverse("admin:tenants_apikey_add"), data)
    secret = str(response.context["key"].secret)
    assert "no-store" in response.headers["Cache-Control"]
    assert secret in response.content.decode()
    caller = caller_of_key(secret)
    assert caller is not None
    assert caller.scopes == {"chats:read"}
    with in_tenant(tenant):
        key = APIKey.objects.get()
    assert key.user_id == admin.pk
    shown = browser.get(reverse("admin:tenants_apikey_change", args=[key.pk])).content.decode()
    assert secret not in shown
    assert key.key_hash not in shown


def test_a_key_is_revoked_here(admin: User, tenant: TenantModel) -> None:
    browser = browser_of(admin)
    response = browser.post(reverse("admin:tenants_apikey_add"), {"key_name": "shop", "permissions": ["*"]})
    key = response.context["key"]
    browser.post(reverse("admin:tenants_apikey_delete", args=[key.pk]), {"post": "yes"})
    assert caller_of_key(key.secret) is None


@pytest.mark.parametrize("scopes", [[], ["everything"], ["chats:delete"]])
def test_an_unknown_scope_is_refused(admin: User, tenant: TenantModel, scopes: list[str]) -> None:
    browser_of(admin).post(reverse("admin:tenants_apikey_add"), {"key_name": "shop", "permissions": scopes})
    with in_tenant(tenant):
        assert not APIKey.objects.exists()


def test_the_operator_makes_a_user_whose_password_is_kept_by_bcrypt(operator: User, tenant: TenantModel) -> None:
    password = "a rather long secret"
    data = {"email": "New@charla.example", "username": "new", "password1": password, "password2": password}
    data |= {"is_staff": "on", "usable_password": "true"}
    response = browser_of(operator).post(reverse("admin:tenants_user_add"), data)
    assert response.status_code == 302, response.context["adminform"].form.errors
    user = User.objects.get(email="new@charla.example")
    assert identify_hasher(user.password).algorithm == "bcrypt_sha256"
    assert user.check_password(password)


def test_the_operator_sets_a_password(operator: User, colleague: User) -> None:
    path = reverse("admin:auth_user_password_change", args=[colleague.pk])
    data = {"password1": "another long secret", "password2": "another long secret", "usable_password": "true"}
    assert browser_of(operator).post(path, data).status_code == 302
    colleague.refresh_from_db()
    assert colleague.check_password("another long secret")


def test_an_administrator_sets_its_own_tenant_and_not_its_name(admin: User, tenant: TenantModel) -> None:
    path = reverse("admin:tenants_tenantmodel_change", args=[tenant.pk])
    data = {"display_name": "Acme & Co", "name": "stolen", "default_language": "es", "timezone": "Europe/Madrid"}
    assert browser_of(admin).post(path, {**data, "settings": "{}"}).status_code == 302
    tenant.refresh_from_db()
    assert (tenant.display_name, tenant.name) == ("Acme & Co", "acme")


def test_a_setting_that_does_not_fit_is_refused(admin: User, tenant: TenantModel) -> None:
    path = reverse("admin:tenants_tenantmodel_change", args=[tenant.pk])
    data = {"display_name": "Acme", "default_language": "es", "timezone": "UTC"}
    response = browser_of(admin).post(path, {**data, "settings": '{"session_timeout": "long"}'})
    assert "settings" in response.context["adminform"].form.errors


def test_work_of_a_neighbour_is_not_listed(tenant: TenantModel, neighbour: TenantModel) -> None:
    from tenants.services.work import enqueue

    for one in (tenant, neighbour):
        with in_tenant(one):
            enqueue(kind="turn", dedupe_key=f"message:{one.name}", tenant_id=one.pk, ref_id="1")
    boss = member(tenant, Role.ADMIN)
    rows = browser_of(boss).get(reverse("admin:tenants_workitem_changelist")).context["cl"].result_list
    assert [row.tenant_id for row in rows] == [tenant.pk]


def test_a_new_tenant_begins_with_an_agent_and_a_channel(operator: User) -> None:
    from agents.models import AgentModel
    from chats.models import Channel

    data = {"display_name": "New", "name": "new", "is_active": "on", "default_language": "es", "timezone": "UTC"}
    response = browser_of(operator).post(reverse("admin:tenants_tenantmodel_add"), {**data, "settings": "{}"})
    assert response.status_code == 302
    with in_tenant(TenantModel.objects.get(name="new")):
        assert AgentModel.objects.filter(is_default=True).exists()
        assert Channel.objects.exists()


def test_an_unknown_time_zone_is_refused(admin: User, tenant: TenantModel) -> None:
    path = reverse("admin:tenants_tenantmodel_change", args=[tenant.pk])
    data = {"display_name": "Acme", "default_language": "es", "timezone": "Mars/Base", "settings": "{}"}
    response = browser_of(admin).post(path, data)
    assert "timezone" in response.context["adminform"].form.errors


@pytest.mark.parametrize("path", ["analysis/messageintent/?timestamp__year=99999999999999999999", "r/9/x/",
                                  "analysis/messageintent/?timestamp__year__gte=99999"])  # fmt: skip
def test_an_address_that_somebody_edited_is_no_error_of_ours(owner: User, tenant: TenantModel, path: str) -> None:
    assert browser_of(owner).get(f"/admin/{path}").status_code in {400, 404}
