"""One tenant's thousands of rows and rings do not keep a neighbour's one waiting."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

import pytest
import redis
from django.conf import settings
from django.db import connection, connections

from config.stack.processes import WORKER
from tenants.models import TenantModel
from tenants.scope import OPERATIONS, tenant_scope
from tenants.services import crowding, ringing
from tenants.services.broker import empty_queues
from tenants.services.crowding import BURST, CROWDED, queue_for, share_threads, thread_of
from tenants.services.ringing import take_due
from tenants.tasks import TENANT_HEADER, run_schedule
from tests.support.database import owner_connection

PUT = """
INSERT INTO tenants_workitem (kind, dedupe_key, tenant_id, ref_id, state, run_after, rung_at, attempts, lost_leases,
    last_error)
SELECT 'schedule', %(name)s || n, %(tenant)s, n::text, 'ready', now() - interval '1 minute' + n * interval '1 ms',
    now() - interval '1 hour', 0, 0, '' FROM generate_series(1, %(count)s) AS n
"""


def put(tenant: TenantModel, count: int) -> None:
    """Let so many rows of a tenant be due."""
    with connection.cursor() as cursor:
        cursor.execute(PUT, {"name": f"{tenant.name}:", "tenant": tenant.pk, "count": count})


def taken(rows: list[tuple[Any, ...]], tenant: TenantModel) -> list[int]:
    return sorted(int(row[2]) for row in rows if row[1] == tenant.pk)


@pytest.mark.django_db(transaction=True, databases=["default", OPERATIONS])
def test_each_tenant_has_its_share_of_a_batch(tenant: TenantModel, neighbour: TenantModel) -> None:
    put(tenant, 1_000)
    put(neighbour, 3)
    first = take_due(grace_seconds=0)
    assert taken(first, neighbour) == [1, 2, 3]
    assert taken(first, tenant) == list(range(1, ringing.BATCH // 2 + 1)), "the oldest of them"


@pytest.mark.django_db(transaction=True, databases=["default", OPERATIONS])
def test_who_is_alone_has_all_of_it(tenant: TenantModel) -> None:
    put(tenant, 1_000)
    assert len(take_due(grace_seconds=0)) == ringing.BATCH


@pytest.mark.django_db(transaction=True, databases=["default", OPERATIONS])
def test_the_tenants_are_found_without_reading_their_rows(tenant: TenantModel, neighbour: TenantModel) -> None:
    put(tenant, 20_000)
    put(neighbour, 1)
    with owner_connection(connection.settings_dict["NAME"]) as owner:
        owner.execute("ANALYZE tenants_workitem")  # as the server does by itself, some time after so many rows
    with connections[OPERATIONS].cursor() as cursor:
        cursor.execute(f"EXPLAIN (ANALYZE, FORMAT JSON) {ringing.DUE}", {"grace": 0, "lost": [], "anew": False})
        plan = cursor.fetchone()[0][0]["Plan"]
    assert largest(plan) <= 20_000 / 10


def largest(plan: dict[str, Any]) -> float:
    """Return the largest number of rows that a node of the plan read."""
    own = (plan["Actual Rows"] + plan.get("Rows Removed by Filter", 0)) * plan["Actual Loops"]
    return float(max([own, *(largest(child) for child in plan.get("Plans", []))]))


@pytest.mark.django_db
def test_rings_beyond_a_burst_wait_beside_the_others(tenant: TenantModel, neighbour: TenantModel) -> None:
    names = [queue_for(tenant.pk, "messages") for _ring in range(BURST + 60)]
    assert names[:BURST] == ["messages"] * BURST
    assert names.count(f"messages{CROWDED}") >= 30
    assert queue_for(neighbour.pk, "messages") == "messages"
    assert queue_for(tenant.pk, "bulk") == "bulk", "one kind of work does not crowd another"


@pytest.mark.django_db
def test_a_task_is_sent_to_the_queue_that_its_tenant_deserves(tenant: TenantModel) -> None:
    with patch("celery.app.task.Task.apply_async") as sent, tenant_scope(tenant):
        run_schedule.delay("slot")
        with patch("tenants.tasks.queue_for", return_value="bulk.crowded"):
            run_schedule.delay("slot")
    assert [call.kwargs["queue"] for call in sent.call_args_list] == ["bulk", "bulk.crowded"]


@pytest.fixture
def four_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    """This process is a worker of four threads."""
    monkeypatch.setattr(crowding, "_most", 0)
    share_threads(4)


@pytest.mark.django_db
@pytest.mark.usefixtures("four_threads")
def test_a_tenant_has_half_of_a_workers_threads_at_most(tenant: TenantModel, neighbour: TenantModel) -> None:
    with thread_of(tenant.pk) as first, thread_of(tenant.pk) as second:
        with thread_of(tenant.pk) as third, thread_of(neighbour.pk) as neighbours:
            assert (first, second, third, neighbours) == (True, True, False, True)
        with thread_of(tenant.pk) as still:
            assert not still, "who was sent away has left nothing"
    with thread_of(tenant.pk) as again:
        assert again


@contextmanager
def rung(tenant: TenantModel, queue: str) -> Iterator[None]:
    """Let the task be called as a worker calls it that took it from a queue."""
    run_schedule.push_request(delivery_info={"routing_key": queue}, **{TENANT_HEADER: str(tenant.pk)})
    try:
        yield
    finally:
        run_schedule.pop_request()


@pytest.mark.django_db
@pytest.mark.usefixtures("four_threads")
def test_what_finds_no_thread_of_its_tenants_waits_in_the_crowd(tenant: TenantModel, neighbour: TenantModel) -> None:
    run, sent = patch("tenants.tasks.run_scheduled"), patch("celery.app.task.Task.apply_async")
    with run as ran, sent as rings, thread_of(tenant.pk), thread_of(tenant.pk):
        with rung(tenant, "bulk"):
            run_schedule("late")
        assert not ran.called
        assert rings.call_args.args[0] == ("late",)
        assert rings.call_args.kwargs["queue"] == "bulk.crowded"
        assert rings.call_args.kwargs["headers"][TENANT_HEADER] == str(tenant.pk)
        with rung(tenant, "bulk.crowded"):
            run_schedule("from the crowd")
        with rung(neighbour, "bulk"):
            run_schedule("a neighbour's")
    assert [call.args for call in ran.call_args_list] == [("from the crowd",), ("a neighbour's",)]
    assert rings.call_count == 1


@pytest.fixture
def crowd() -> Iterator[None]:
    """Something waits in the crowd's queue for messages."""
    with redis.Redis.from_url(settings.BROKER_REDIS_URL) as client:
        client.delete(*settings.CELERY_TASK_QUEUES_NAMES)  # what other tests have rung for
        client.lpush(f"messages{CROWDED}", "{}")
        yield
        client.delete(f"messages{CROWDED}")


@pytest.mark.usefixtures("crowd")
def test_what_waits_in_a_crowd_has_not_lost_its_ring() -> None:
    assert empty_queues() == frozenset(settings.CELERY_TASK_QUEUES_NAMES) - {"messages"}


def test_workers_take_from_the_crowds_too() -> None:
    names = WORKER[WORKER.index("--queues") + 1].split(",")
    usual = settings.CELERY_TASK_QUEUES_NAMES
    assert names == [*usual, *(name + CROWDED for name in usual)]
