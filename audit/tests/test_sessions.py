"""Log-ins, identities and commands in the audit log."""

import pytest
from django.db import connections
from django.test import Client
from django.urls import reverse

from audit.models import AuditLog
from audit.services.events import keyed_hash
from tenants.models import TenantModel, User
from tenants.scope import OPERATIONS, in_tenant
from tenants.signals import command_finished
from tests.support.cast import PASSWORD, client_of

COMMITTED = pytest.mark.django_db(transaction=True, databases=["default", OPERATIONS])


def actions(tenant: TenantModel) -> list[tuple[str, str]]:
    with in_tenant(tenant):
        return list(AuditLog.objects.filter(object_type="user").order_by("id").values_list("action", "ip_address"))


def of_the_installation() -> list[tuple[str, str, str]]:
    with connections[OPERATIONS].cursor() as cursor:
        cursor.execute(
            "SELECT action, object_id, details::text FROM audit_auditlog WHERE tenant_id IS NULL ORDER BY id"
        )
        return list(cursor.fetchall())


def test_a_log_in_by_the_api_is_in_the_log_of_the_persons_tenant(
    client: Client, owner: User, tenant: TenantModel, neighbour: TenantModel
) -> None:
    data = {"email": owner.email, "password": PASSWORD}
    response = client.post("/api/v1/auth/login/", data, content_type="application/json", REMOTE_ADDR="203.0.113.5")
    assert response.status_code == 200
    assert actions(tenant) == [("logged_in", keyed_hash("203.0.113.5"))]
    assert actions(neighbour) == []


def test_logging_in_and_out_of_the_administration_is_logged(client: Client, owner: User, tenant: TenantModel) -> None:
    User.objects.filter(pk=owner.pk).update(is_staff=True)
    client.post(reverse("admin:login"), {"username": owner.email, "password": PASSWORD})
    client.post(reverse("admin:logout"))
    assert [action for action, _address in actions(tenant)] == ["logged_in", "logged_out"]


def test_making_changing_and_revoking_a_key_is_logged_without_the_key(tenant: TenantModel, admin: User) -> None:
    program = client_of(admin, tenant)
    key = program.post("/api/v1/api-keys/", {"name": "shop", "permissions": ["chats:read"]}).json()
    program.patch(f"/api/v1/api-keys/{key['id']}/", {"is_active": False})
    program.delete(f"/api/v1/api-keys/{key['id']}/")
    with in_tenant(tenant):
        rows = list(AuditLog.objects.filter(object_type="apikey").order_by("id"))
    assert [row.action for row in rows] == ["api_key_created", "api_key_changed", "api_key_revoked"]
    assert {row.actor_id for row in rows} == {admin.pk}
    assert rows[0].details["scopes"] == ["chats:read"]
    assert key["key"] not in str([row.details for row in rows])


@COMMITTED
def test_a_failed_log_in_is_in_the_installations_log_without_the_address(client: Client) -> None:
    data = {"email": "Somebody@example.com", "password": "wrong"}
    client.post("/api/v1/auth/login/", data, content_type="application/json")
    ((action, _object, details),) = of_the_installation()
    assert action == "login_failed"
    assert keyed_hash("somebody@example.com") in details
    assert "example.com" not in details
    assert "wrong" not in details


@COMMITTED
@pytest.mark.parametrize("changed", [True, False])
def test_a_command_is_logged_when_it_changed_something(db: None, changed: bool) -> None:
    command_finished.send(sender=object, command="init_system", outcome="done", seconds=0.1, changed=changed)
    assert [row[:2] for row in of_the_installation()] == ([("command_run", "init_system")] if changed else [])
