"""Members, tenants, users and the installation's settings by REST: who may what (decision 28)."""

from typing import Any

import pytest
from django.core.exceptions import ValidationError
from rest_framework.test import APIClient

from audit.models import AuditLog
from tenants.models import Membership, SystemConfig, TenantModel, User
from tenants.scope import OPERATIONS, in_tenant
from tenants.services.config import setting
from tests.support.administration import browser_of
from tests.support.cast import client_of, client_with_key

pytestmark = pytest.mark.django_db(databases=["default", OPERATIONS])
API = "/api/v1/"


def membership(tenant: TenantModel, user: User) -> str:
    with in_tenant(tenant):
        return f"{API}memberships/{Membership.objects.get(user=user).pk}/"


def role_in(tenant: TenantModel, user: User) -> str | None:
    with in_tenant(tenant):
        return Membership.objects.filter(user=user).values_list("role", flat=True).first()


def code(response: Any) -> str:
    return str(response.json()["errors"][0]["code"])


def actions(tenant: TenantModel) -> list[str]:
    with in_tenant(tenant):
        return list(AuditLog.objects.order_by("id").values_list("action", flat=True))


def test_an_administrator_gives_another_role_and_it_is_told(
    admin: User, colleague: User, tenant: TenantModel, django_capture_on_commit_callbacks: Any
) -> None:
    answer = client_of(admin).patch(membership(tenant, colleague), {"role": "viewer"})
    assert answer.status_code == 200
    assert answer.json()["role"] == role_in(tenant, colleague) == "viewer"
    with in_tenant(tenant):
        row = AuditLog.objects.get(action="role_changed")
    assert (row.actor_id, row.details["was"], row.details["role"]) == (admin.pk, "agent", "viewer")


def test_a_change_that_names_no_role_changes_none(admin: User, colleague: User, tenant: TenantModel) -> None:
    answer = client_of(admin).patch(membership(tenant, colleague), {}, format="json")
    assert (answer.status_code, answer.json()["role"]) == (200, "agent")


@pytest.mark.parametrize("who", ["viewer", "colleague"])
def test_lower_roles_see_members_and_change_none(
    who: str, admin: User, tenant: TenantModel, request: pytest.FixtureRequest
) -> None:
    client = client_of(request.getfixturevalue(who))
    assert client.get(f"{API}memberships/").status_code == 200
    path = membership(tenant, admin)
    assert [client.patch(path, {"role": "viewer"}).status_code, client.delete(path).status_code] == [403, 403]


def test_an_administrator_touches_no_owner_and_makes_none(
    admin: User, owner: User, colleague: User, tenant: TenantModel
) -> None:
    client = client_of(admin)
    assert client.patch(membership(tenant, owner), {"role": "viewer"}).status_code == 403
    assert client.delete(membership(tenant, owner)).status_code == 403
    assert client.patch(membership(tenant, colleague), {"role": "owner"}).status_code == 403
    assert [role_in(tenant, owner), role_in(tenant, colleague)] == ["owner", "agent"]


def test_a_key_of_every_scope_makes_no_owner(tenant: TenantModel, colleague: User, owner: User) -> None:
    client = client_with_key(tenant)
    assert client.patch(membership(tenant, colleague), {"role": "owner"}).status_code == 403
    assert client.patch(membership(tenant, owner), {"role": "viewer"}).status_code == 403
    assert client.patch(membership(tenant, colleague), {"role": "admin"}).status_code == 200


def test_the_last_owner_stays(owner: User, tenant: TenantModel) -> None:
    client, path = client_of(owner), membership(tenant, owner)
    refused = [client.patch(path, {"role": "viewer"}), client.delete(path)]
    assert [(each.status_code, code(each)) for each in refused] == [(409, "conflict")] * 2


def test_members_are_added_at_once_by_the_operator_alone(
    admin: User, operator: User, outsider: User, tenant: TenantModel
) -> None:
    body = {"email": outsider.email, "role": "agent"}
    assert client_of(admin).post(f"{API}memberships/", body).status_code == 403
    assert client_of(operator, tenant).post(f"{API}memberships/", body).status_code == 201
    assert client_of(operator, tenant).post(f"{API}memberships/", body).status_code == 409


def test_a_neighbours_member_is_not_found(outsider: User, colleague: User, tenant: TenantModel) -> None:
    client, path = client_of(outsider), membership(tenant, colleague)
    statuses = [client.get(path), client.patch(path, {"role": "viewer"}), client.delete(path)]
    assert [each.status_code for each in statuses] == [404] * 3
    assert role_in(tenant, colleague) == "agent"


def test_each_act_of_the_operator_in_a_tenant_is_in_its_audit_log(operator: User, tenant: TenantModel) -> None:
    client = client_of(operator, tenant)
    client.get(f"{API}chats/")
    client.get(f"{API}chats/0197a000-0000-7000-8000-000000000000/")
    with in_tenant(tenant):
        rows = list(AuditLog.objects.filter(action="operator_acted").order_by("id"))
    acts = [row.details["act"].partition("<")[0] for row in rows]
    assert acts == ["GET api/v1/chats/", "GET api/v1/chats/"]
    assert {row.actor_id for row in rows} == {operator.pk}


def test_the_administration_tells_of_an_operator_who_chose_nothing_once(operator: User, tenant: TenantModel) -> None:
    browser = browser_of(operator)
    for _visit in range(2):
        browser.get("/admin/")
    assert actions(tenant).count("operator_entered") == 1


def test_the_administration_shows_an_operator_its_own_tenant_first(
    operator: User, tenant: TenantModel, neighbour: TenantModel
) -> None:
    with in_tenant(neighbour):
        Membership.objects.create(user=operator, role="owner")
    browser_of(operator).get("/admin/")
    assert "operator_entered" not in actions(tenant) + actions(neighbour)


def test_an_operator_at_home_is_no_visitor(operator: User, tenant: TenantModel) -> None:
    with in_tenant(tenant):
        Membership.objects.create(user=operator, role="agent")
    client_of(operator, tenant).get(f"{API}chats/")
    assert "operator_acted" not in actions(tenant)


def tenant_path(tenant: TenantModel) -> str:
    return f"{API}tenants/{tenant.pk}/"


def test_people_see_their_tenants_and_their_role_there(
    colleague: User, tenant: TenantModel, neighbour: TenantModel
) -> None:
    client = client_of(colleague)
    rows = client.get(f"{API}tenants/").json()["results"]
    assert [(row["name"], row["role"]) for row in rows] == [("acme", "agent")]
    assert client.get(tenant_path(neighbour)).status_code == 404
    assert client.patch(tenant_path(neighbour), {"display_name": "x"}).status_code == 404
    assert client.patch(tenant_path(tenant), {"display_name": "x"}).status_code == 403


def test_an_administrator_sets_some_settings_and_the_others_stay(admin: User, tenant: TenantModel) -> None:
    client = client_of(admin)
    assert client.patch(tenant_path(tenant), {"settings": {"session_timeout": 600}}).status_code == 200
    answer = client.patch(tenant_path(tenant), {"settings": {"complete_after_hours": 5}})
    assert answer.json()["settings"] == {"session_timeout": 600, "complete_after_hours": 5}
    answer = client.patch(tenant_path(tenant), {"settings": {"session_timeout": None}})
    assert answer.json()["settings"] == {"complete_after_hours": 5}
    assert "tenant_changed" in actions(tenant)


def test_an_unknown_setting_is_refused_by_name(admin: User, tenant: TenantModel) -> None:
    answer = client_of(admin).patch(tenant_path(tenant), {"settings": {"colour": "blue"}})
    assert answer.status_code == 400
    assert "colour" in answer.json()["errors"][0]["detail"]


def test_quotas_are_the_owners(admin: User, owner: User, tenant: TenantModel) -> None:
    body = {"settings": {"max_conversation_length": 50}}
    assert client_of(admin).patch(tenant_path(tenant), body).status_code == 403
    assert client_with_key(tenant).patch(tenant_path(tenant), body).status_code == 403
    assert client_of(owner).patch(tenant_path(tenant), body).status_code == 200


@pytest.mark.parametrize("change", [{"name": "stolen"}, {"is_active": False}])
def test_name_and_state_are_the_operators(
    change: dict[str, Any], owner: User, operator: User, tenant: TenantModel
) -> None:
    assert client_of(owner).patch(tenant_path(tenant), change).status_code == 403
    assert client_of(operator).patch(tenant_path(tenant), change).status_code == 200


def test_an_owner_suspends_its_tenant_and_the_operator_wakes_it(
    owner: User, admin: User, operator: User, tenant: TenantModel, django_capture_on_commit_callbacks: Any
) -> None:
    assert client_of(admin).delete(tenant_path(tenant)).status_code == 403
    with django_capture_on_commit_callbacks(execute=True):
        assert client_of(owner).delete(tenant_path(tenant)).status_code == 204
    assert client_of(owner).get(f"{API}chats/").status_code == 400
    assert client_of(operator).patch(tenant_path(tenant), {"is_active": True}).status_code == 200


def test_the_operator_makes_a_tenant_with_its_agent(operator: User, owner: User) -> None:
    body = {"name": "fresh", "display_name": "Fresh"}
    assert client_of(owner).post(f"{API}tenants/", body).status_code == 403
    assert client_of(operator).post(f"{API}tenants/", body).status_code == 201
    assert client_of(operator).post(f"{API}tenants/", body).status_code == 409
    made = TenantModel.objects.get(name="fresh")
    assert client_of(operator, made).get(f"{API}agents/").json()["results"]


def test_members_see_colleagues_and_nobody_else(colleague: User, admin: User, outsider: User) -> None:
    client = client_of(colleague)
    seen = {row["email"] for row in client.get(f"{API}users/").json()["results"]}
    assert seen == {colleague.email, admin.email}
    assert client.get(f"{API}users/{outsider.pk}/").status_code == 404


@pytest.mark.parametrize("who", ["viewer", "owner"])
def test_users_are_changed_by_the_operator_alone(
    who: str, admin: User, tenant: TenantModel, request: pytest.FixtureRequest
) -> None:
    client = client_of(request.getfixturevalue(who))
    path = f"{API}users/{admin.pk}/"
    tries = [
        client.patch(path, {"is_superuser": True}), client.patch(path, {"email": "x@y.example"}), client.delete(path),
        client.post(f"{API}users/", {"email": "x@y.example"}),
    ]  # fmt: skip
    assert [each.status_code for each in tries] == [403] * 4
    assert client_with_key(tenant).patch(path, {"is_superuser": True}).status_code == 403


def test_the_operator_makes_and_deactivates_users(operator: User) -> None:
    client = client_of(operator)
    made = client.post(f"{API}users/", {"email": "New@acme.example", "password": "seventeen green umbrellas"})
    assert made.status_code == 201
    assert "password" not in made.json()
    user = User.objects.get(email="new@acme.example")
    assert user.check_password("seventeen green umbrellas")
    assert client.delete(f"{API}users/{user.pk}/").status_code == 204
    user.refresh_from_db()
    assert not user.is_active


def test_a_deactivated_persons_token_opens_nothing(operator: User, colleague: User) -> None:
    client = client_of(colleague)
    client_of(operator).patch(f"{API}users/{colleague.pk}/", {"is_active": False})
    assert client.get(f"{API}chats/").status_code == 401


@pytest.mark.parametrize("change", [{"is_superuser": False}, {"is_active": False}])
def test_somebody_runs_the_installation(operator: User, change: dict[str, bool]) -> None:
    refused = client_of(operator).patch(f"{API}users/{operator.pk}/", change)
    assert (refused.status_code, code(refused)) == (409, "conflict")


@pytest.mark.parametrize("who", ["viewer", "owner"])
def test_the_installations_settings_are_the_operators(
    who: str, tenant: TenantModel, request: pytest.FixtureRequest
) -> None:
    body = {"config_key": "maintenance_mode", "config_value": "true", "config_type": "boolean"}
    for client in (client_of(request.getfixturevalue(who)), client_with_key(tenant)):
        assert client.get(f"{API}config/").status_code == 403
        assert client.post(f"{API}config/", body).status_code == 403
    assert not SystemConfig.objects.exists()


def test_the_operator_ends_maintenance_which_refuses_all_other_writes(operator: User, tenant: TenantModel) -> None:
    client = client_of(operator)
    body = {"config_key": "maintenance_mode", "config_value": "true", "config_type": "boolean"}
    assert client.post(f"{API}config/", body).status_code == 201
    assert setting(None, "maintenance_mode") is True
    guest = client_of(operator, tenant)
    guest.raise_request_exception = False
    assert guest.post(f"{API}chats/", {"user_id": "x"}).status_code == 503
    path = f"{API}config/maintenance_mode/"
    assert client.patch(path, {"config_value": "perhaps"}).status_code == 400
    assert client.patch(path, {"config_key": "other"}).status_code == 400
    assert client.patch(path, {"config_value": "false"}).status_code == 200
    assert guest.post(f"{API}chats/", {"user_id": "x"}).status_code == 201


@pytest.mark.parametrize(
    ("key", "value", "kind"),
    [
        ("rate_limit_per_hour", "1000", "string"),
        ("key_rate_limit_per_hour", "0", "integer"),
        ("max_conversation_length", "-1", "integer"),
        ("maintenance_mode", "false", "string"),
        ("allowed_origins", '{"a": 1}', "json"),
        ("of our own", "[" * 100_000, "json"),
    ],
)
def test_a_setting_by_which_nothing_would_work_any_more_is_refused(
    operator: User, key: str, value: str, kind: str
) -> None:
    client = client_of(operator)
    refused = client.post(f"{API}config/", {"config_key": key, "config_value": value, "config_type": kind})
    assert (refused.status_code, refused.json()["errors"][0]["attr"]) == (400, "config_value")
    with pytest.raises(ValidationError):
        SystemConfig(config_key=key, config_value=value, config_type=kind).full_clean()


def test_strangers_are_let_in_nowhere(db: None) -> None:
    paths = ("memberships", "invitations", "tenants", "users", "config")
    assert [APIClient().get(f"{API}{path}/").status_code for path in paths] == [401] * 5
