"""Errors that nothing caught: counted, without secrets, outside the transaction that failed."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from celery.signals import task_failure
from django.core.management import CommandError, call_command
from django.db import connection, connections
from django.http import HttpRequest, HttpResponse
from django.test import Client, override_settings
from django.urls import path

from audit.models import ErrorLog
from audit.services import record_fault
from audit.services.faults import Fault, fault_of
from audit.sockets import WatchedSockets
from tenants.models import TenantModel
from tenants.scope import OPERATIONS, in_tenant, tenant_scope
from tenants.services.schedules import SCHEDULES, ScheduleEntry, run_scheduled
from tenants.services.work import enqueue
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


def test_an_error_of_a_socket_is_stored_and_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    stored: list[Fault] = []
    monkeypatch.setattr("audit.sockets.record_fault", stored.append)

    async def broken_socket(scope: Any, receive: Any, send: Any) -> None:
        raise ValueError("the line is cut")

    with pytest.raises(ValueError, match="cut"):
        asyncio.run(WatchedSockets(broken_socket)({"type": "websocket", "path": "/ws/chats/7/"}, None, None))  # type: ignore[arg-type]
    (fault,) = stored
    assert (fault.error_message, fault.request_data["route"]) == ("the line is cut", "/ws/chats")


def test_a_refused_socket_is_in_the_security_log(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[Any] = []
    monkeypatch.setattr("audit.sockets.log_security", lambda event, **ids: told.append((event, ids["code"])))

    async def refusing(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "websocket.close", "code": 4404})
        await send({"type": "websocket.close", "code": 1000})

    async def send(message: Any) -> None:
        pass

    asyncio.run(WatchedSockets(refusing)({"type": "websocket", "path": "/ws/inbox/"}, None, send))  # type: ignore[arg-type]
    assert told == [("socket_closed", 4404)]


@COMMITTED
def test_a_command_that_breaks_is_stored_and_one_that_refuses_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    from tenants.management.commands import init_system

    for error in (ValueError("no more room"), CommandError("not so")):

        def fail(*_arguments: Any, error: Exception = error, **_options: Any) -> None:
            raise error

        monkeypatch.setattr(init_system.Command, "handle", fail)
        with pytest.raises(type(error)):
            call_command("init_system")
    ((kind, count, request_data),) = rows_without_tenant()
    assert (kind, count) == ("builtins.ValueError", 1)
    assert '"route": "init_system"' in str(request_data)


@COMMITTED
def test_a_failure_of_work_is_stored_once_each_time(tenant: TenantModel) -> None:
    with in_tenant(tenant):
        enqueue(kind="schedule", dedupe_key="audit.broken:1", tenant_id=tenant.pk, ref_id="audit.broken:1")

    def fail() -> None:
        raise ValueError("no more room")

    entry = ScheduleEntry("broken", timedelta(days=1), fail)  # type: ignore[arg-type]
    with SCHEDULES.lent(**{"audit.broken": entry}), tenant_scope(tenant):
        run_scheduled("audit.broken:1")
    with in_tenant(tenant):
        row = ErrorLog.objects.get()
    assert (row.error_message, row.count) == ("no more room", 1)
    assert (row.request_data["route"], row.request_data["method"]) == ("schedule", "WORK")
