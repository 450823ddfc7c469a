"""The audit log: written in the caller's transaction, chained by the database, never changed."""

from typing import Any

import pytest
from django.db import DatabaseError, connection, connections, transaction

from audit.models import AuditLog
from audit.services import AuditService
from audit.services.chain import Damage, verify_chain
from audit.services.events import keyed_hash
from tenants.models import APIKey, TenantModel, User
from tenants.scope import OPERATIONS, in_tenant
from tests.support.cast import client_of, client_with_key
from tests.support.database import owner_connection

COMMITTED = pytest.mark.django_db(transaction=True, databases=["default", OPERATIONS])


def log(tenant: TenantModel | None, action: str = "tried", **details: Any) -> None:
    AuditService.log_event(action, None, tenant, "thing", "1", details)


def owner() -> Any:
    return owner_connection(connection.settings_dict["NAME"])


@COMMITTED
def test_rows_are_chained_when_they_are_committed(tenant: TenantModel) -> None:
    for number in range(3):
        log(tenant, number=number)
    with in_tenant(tenant):
        rows = list(AuditLog.objects.filter(object_type="thing").order_by("position"))
        report = verify_chain(tenant.pk)
    assert [row.position for row in rows[1:]] == [(row.position or 0) + 1 for row in rows[:-1]]
    assert rows[1].previous_hash == rows[0].hash
    assert report.is_whole
    assert report.rows >= 3


@COMMITTED
def test_each_tenant_has_a_chain_of_its_own(tenant: TenantModel, neighbour: TenantModel) -> None:
    for one in (tenant, neighbour, tenant, None, neighbour):
        log(one)
    for one in (tenant, neighbour):
        with in_tenant(one):
            places = list(AuditLog.objects.order_by("position").values_list("position", flat=True))
            assert places == list(range(1, len(places) + 1))
            assert verify_chain(one.pk).is_whole


@COMMITTED
@pytest.mark.parametrize("statement", ["UPDATE audit_auditlog SET action = 'other'", "DELETE FROM audit_auditlog"])
@pytest.mark.parametrize("alias", ["default", OPERATIONS])
def test_nobody_changes_or_deletes_a_row(tenant: TenantModel, alias: str, statement: str) -> None:
    log(tenant)
    with (
        pytest.raises(DatabaseError, match="append-only"),
        in_tenant(tenant),
        connections[alias].cursor() as cursor,
    ):
        cursor.execute(statement)


@COMMITTED
@pytest.mark.parametrize(
    "statement",
    ["UPDATE audit_auditlog SET action = 'other'", "DELETE FROM audit_auditlog", "TRUNCATE audit_auditlog"],
)
def test_not_even_the_owner_changes_the_log(tenant: TenantModel, statement: str) -> None:
    log(tenant)
    with owner() as role, pytest.raises(Exception, match="append-only"):
        role.execute(statement)


@COMMITTED
def test_the_application_cannot_seal_a_row_itself(tenant: TenantModel) -> None:
    with (
        pytest.raises(DatabaseError, match="append-only"),
        in_tenant(tenant),
        connection.cursor() as cursor,
    ):
        log(tenant)
        cursor.execute("UPDATE audit_auditlog SET position = 99, hash = 'x' WHERE position IS NULL")


@COMMITTED
def test_a_row_that_was_changed_behind_the_triggers_is_found(tenant: TenantModel) -> None:
    for number in range(3):
        log(tenant, number=number)
    with in_tenant(tenant):
        place = AuditLog.objects.filter(object_type="thing").order_by("position")[1].position
    with owner() as role:
        role.execute("ALTER TABLE audit_auditlog DISABLE TRIGGER USER")
        role.execute("UPDATE audit_auditlog SET action = 'forged' WHERE position = %s", [place])
        role.execute("ALTER TABLE audit_auditlog ENABLE TRIGGER USER")
    with in_tenant(tenant):
        (found,) = verify_chain(tenant.pk).findings
    assert (found.damage, found.place) == (Damage.CHANGED, place)


@COMMITTED
def test_a_row_that_was_taken_out_behind_the_triggers_is_found(tenant: TenantModel) -> None:
    for number in range(3):
        log(tenant, number=number)
    with in_tenant(tenant):
        place = AuditLog.objects.filter(object_type="thing").order_by("position")[1].position
    with owner() as role:
        role.execute("ALTER TABLE audit_auditlog DISABLE TRIGGER USER")
        role.execute("DELETE FROM audit_auditlog WHERE position = %s", [place])
        role.execute("ALTER TABLE audit_auditlog ENABLE TRIGGER USER")
    with in_tenant(tenant):
        (found,) = verify_chain(tenant.pk).findings
    assert (found.damage, found.place, found.row_id) == (Damage.REMOVED, place, None)


def test_a_row_goes_with_the_transaction_that_it_tells_of(tenant: TenantModel) -> None:
    with in_tenant(tenant):
        before = AuditLog.objects.count()
    with pytest.raises(RuntimeError), transaction.atomic():
        log(tenant)
        raise RuntimeError
    with in_tenant(tenant):
        assert AuditLog.objects.count() == before


def test_a_neighbour_sees_no_row(tenant: TenantModel, neighbour: TenantModel) -> None:
    log(tenant)
    with in_tenant(neighbour):
        assert not AuditLog.objects.filter(object_type="thing").exists()
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM audit_auditlog WHERE tenant_id = %s", [tenant.pk])
            assert cursor.fetchone() == (0,)


@COMMITTED
def test_a_row_without_a_tenant_is_written_and_read_by_the_operator_alone(tenant: TenantModel) -> None:
    log(None, action="login_failed")
    with in_tenant(tenant), connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM audit_auditlog WHERE tenant_id IS NULL")
        assert cursor.fetchone() == (0,)
    with connections[OPERATIONS].cursor() as cursor:
        cursor.execute("SELECT count(*) FROM audit_auditlog WHERE tenant_id IS NULL AND action = 'login_failed'")
        assert cursor.fetchone() == (1,)


def test_personal_data_is_there_as_a_keyed_hash_and_secrets_are_not(tenant: TenantModel, owner: User) -> None:
    details = {
        "email": "ana@example.com",
        "password": "secret",
        "agent": "Aurora",
        "changed": {"phone": "+34600000000"},
    }
    AuditService.log_event("tried", owner, tenant, "thing", "1", details, ip_address="203.0.113.7")
    with in_tenant(tenant):
        row = AuditLog.objects.get(object_type="thing")
    assert row.details == {
        "email": keyed_hash("Ana@Example.com"),
        "agent": "Aurora",
        "changed": {"phone": keyed_hash("+34600000000")},
    }
    assert row.ip_address == keyed_hash("203.0.113.7")
    assert row.actor_id == owner.pk


@pytest.mark.django_db
def test_what_a_program_did_names_its_key_and_what_a_person_did_none(tenant: TenantModel, admin: User) -> None:
    program, person = client_with_key(tenant), client_of(admin)
    assert program.post("/api/v1/webhooks/", {"url": "https://example.com/hook", "events": ["*"]}).status_code == 201
    assert program.post("/api/v1/api-keys/", {"name": "another", "permissions": ["*"]}).status_code == 201
    assert person.post("/api/v1/agents/", {"name": "Luz"}).status_code == 201
    with in_tenant(tenant):
        key = APIKey.objects.get(key_name="program")
        rows = {row.action: (row.actor_id, row.details.get("key")) for row in AuditLog.objects.all()}
    assert rows["webhook_created"] == rows["api_key_created"] == (None, str(key.pk))
    assert rows["agent_created"] == (admin.pk, None)
