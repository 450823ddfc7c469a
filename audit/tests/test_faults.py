"""Errors that nothing caught: counted, without secrets, outside the transaction that failed."""

from typing import Any

import pytest
from celery.signals import task_failure
from django.db import connection, connections
from django.http import HttpRequest, HttpResponse
from django.test import Client, override_settings
from django.urls import path

from audit.models import ErrorLog
from audit.services import record_fault
from audit.services.faults import fault_of
from tenants.models import TenantModel
from tenants.scope import OPERATIONS, in_tenant
from tenants.tasks import TENANT_HEADER

COMMITTED = pytest.mark.django_db(transaction=True, databases=["default", OPERATIONS])


def broken(request: HttpRequest, number: int) -> HttpResponse:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    raise ValueError("the till is empty")


urlpatterns = [path("broken/<int:number>/", broken)]


def raised(message: str = "the till is empty") -> ValueError:
    try:
        raise ValueError(message)
    except ValueError as error:
        return error


def rows_without_tenant() -> list[tuple[Any, ...]]:
    with connections[OPERATIONS].cursor() as cursor:
        cursor.execute("SELECT error_type, count, request_data FROM audit_errorlog WHERE tenant_id IS NULL")
        return list(cursor.fetchall())


@COMMITTED
@override_settings(ROOT_URLCONF="audit.tests.test_faults")
def test_an_unhandled_error_of_a_request_is_stored_without_its_values(client: Client) -> None:
    client.raise_request_exception = False
    for number in (1, 2):
        data = {"card": "4111111111111111"}
        assert client.post(f"/broken/{number}/?token=s3cret", data).status_code == 500
    ((kind, count, request_data),) = rows_without_tenant()
    assert (kind, count) == ("builtins.ValueError", 2)
    assert '"route": "broken/<int:number>/"' in str(request_data)
    assert "s3cret" not in str(request_data)
    assert "4111" not in str(request_data)


def test_an_error_belongs_to_the_tenant_in_which_it_happened(tenant: TenantModel, neighbour: TenantModel) -> None:
    with in_tenant(tenant):
        fault = fault_of(raised())
    record_fault(fault)
    with in_tenant(tenant):
        row = ErrorLog.objects.get()
    assert row.error_message == "the till is empty"
    assert "raised" in row.stack_trace
    with in_tenant(neighbour):
        assert not ErrorLog.objects.exists()


def test_the_same_error_again_raises_its_count(tenant: TenantModel) -> None:
    for message in ("first", "second"):
        with in_tenant(tenant):
            fault = fault_of(raised(message))
        record_fault(fault)
    with in_tenant(tenant):
        row = ErrorLog.objects.get()
    assert (row.count, row.error_message) == (2, "second")
    assert row.last_seen >= row.created_at


def test_the_values_that_postgresql_quotes_are_left_out(tenant: TenantModel) -> None:
    message = "duplicate key\nDETAIL:  Key (email)=(ana@example.com) already exists."
    with in_tenant(tenant):
        fault = fault_of(raised(message))
    assert fault.error_message == "duplicate key"


def test_an_error_of_another_tenant_cannot_be_forged(tenant: TenantModel, neighbour: TenantModel) -> None:
    from django.db import DatabaseError

    statement = "SELECT charla_record_error(%s, NULL, 'x', 'x', 'x', 'x', '{}')"
    with pytest.raises(DatabaseError, match="another tenant"), in_tenant(tenant), connection.cursor() as cursor:
        cursor.execute(statement, [neighbour.pk])


def test_a_task_that_fails_is_stored_in_its_tenant(tenant: TenantModel) -> None:
    class Task:
        request = {TENANT_HEADER: str(tenant.pk)}

    task_failure.send(sender=Task, task_id="1", exception=raised(), traceback=None)
    with in_tenant(tenant):
        assert ErrorLog.objects.get().error_type == "builtins.ValueError"


@COMMITTED
def test_a_database_that_is_away_is_endured(tenant: TenantModel, monkeypatch: pytest.MonkeyPatch) -> None:
    connection.close()
    monkeypatch.setitem(connection.settings_dict, "HOST", "/nowhere")
    record_fault(fault_of(raised()))
