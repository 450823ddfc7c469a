"""Work rows: claimed once, renewed, finished under their token, given up with a reason."""

import threading
import time
import uuid
from collections.abc import Iterator
from typing import Any

import pytest
import redis
from django.conf import settings
from django.db import connection, transaction
from kombu.exceptions import OperationalError

from tenants.models import TenantModel, WorkItem
from tenants.scope import in_tenant
from tenants.services.leases import LeaseKeeper
from tenants.services.ringing import seconds_to_next
from tenants.services.sweeping import remove_done, sweep_once
from tenants.services.waking import WORKER_BEGAN, listen, sleep, wake_sweeper
from tenants.services.work import (
    WORK_KINDS,
    Lease,
    LeaseLostError,
    WorkKind,
    claim,
    close_unheld,
    enqueue,
    fail,
    finish,
    next_turn,
    put_off,
    renew,
)
from tenants.signals import work_died

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "operations"])


class Recorder:
    """A kind of work that keeps what was asked of it."""

    def __init__(self) -> None:
        self.rung: list[str] = []
        self.run: list[str] = []
        self.died: list[str] = []
        self.broker_is_away = False

    def ring(self, ref_id: str) -> None:
        """Ring, or fail as a broker that is away does."""
        if self.broker_is_away:
            raise OperationalError("away")
        self.rung.append(ref_id)


@pytest.fixture
def kind() -> Iterator[Recorder]:
    """The only kind of work there is, for a while."""
    recorder = Recorder()
    entry = WorkKind(recorder.ring, recorder.run.append, lambda lease, error: recorder.died.append(lease.ref_id))
    with WORK_KINDS.lent(turn=entry):
        yield recorder


def put(tenant: TenantModel, ref: str = "1", conversation: int | None = 1, **changes: Any) -> str:
    """Store a row, then change it as if time had passed."""
    with transaction.atomic():
        enqueue(kind="turn", dedupe_key=f"turn:{ref}", tenant_id=tenant.pk, ref_id=ref, conversation=conversation)
    if changes:
        assignments = ", ".join(f"{column} = {value}" for column, value in changes.items())
        with connection.cursor() as cursor:
            cursor.execute(f"UPDATE tenants_workitem SET {assignments} WHERE dedupe_key = %s", [f"turn:{ref}"])
    return f"turn:{ref}"


def claimed(key: str) -> Lease:
    """Claim a row that must be there."""
    lease = claim(key)
    assert lease is not None
    return lease


LONG_AGO = "now() - interval '1 minute'"


def test_a_row_is_claimed_once(tenant: TenantModel) -> None:
    key = put(tenant)
    assert claim(key) is not None
    assert claim(key) is None


def test_enqueueing_the_same_key_again_changes_nothing(tenant: TenantModel) -> None:
    put(tenant)
    put(tenant)
    assert WorkItem.objects.count() == 1


def test_one_turn_at_a_time_per_conversation(tenant: TenantModel) -> None:
    first, second = put(tenant, "1"), put(tenant, "2")
    lease = claimed(first)
    assert claim(second) is None
    with transaction.atomic():
        finish(lease)
    assert next_turn(1) == "2"
    assert claim(second) is not None


def test_a_lease_that_ran_out_goes_to_the_next_and_is_counted(tenant: TenantModel) -> None:
    key = put(tenant)
    dead = claimed(key)
    put(tenant, lease_until=LONG_AGO)
    alive = claimed(key)
    assert alive.lost_leases == 1
    with pytest.raises(LeaseLostError), transaction.atomic():
        finish(dead)
    with transaction.atomic():
        finish(alive)
    assert WorkItem.objects.get().state == "done"


def test_renewing_tells_which_leases_are_still_held(tenant: TenantModel) -> None:
    lease = claimed(put(tenant))
    assert renew([lease.token, uuid.uuid4()]) == {lease.token}


def test_the_keeper_says_when_a_lease_was_taken_over(tenant: TenantModel) -> None:
    lease = claimed(put(tenant))
    with LeaseKeeper().hold(lease) as lost:
        put(tenant, lease_token="gen_random_uuid()")
        assert lost.wait(5)


def test_a_failure_waits_and_the_fifth_gives_up(tenant: TenantModel, kind: Recorder) -> None:
    key, told = put(tenant), []
    listener = lambda **message: told.append(message["error"])  # noqa: E731
    work_died.connect(listener)
    for _attempt in range(5):
        put(tenant, run_after=LONG_AGO)
        fail(claimed(key), "model away")
    row = WorkItem.objects.get()
    assert (row.state, row.attempts, row.last_error) == ("dead", 5, "model away")
    assert (kind.died, told) == (["1"], ["model away"])
    assert claim(key) is None


def test_closing_leaves_a_row_that_is_held(tenant: TenantModel) -> None:
    key = put(tenant)
    claimed(key)
    close_unheld(key)
    assert WorkItem.objects.get().state == "leased"


def test_closing_takes_a_row_whose_holder_died(tenant: TenantModel) -> None:
    key, behind = put(tenant, "1"), put(tenant, "2")
    dead = claimed(key)
    put(tenant, "1", lease_until=LONG_AGO)
    close_unheld(key)
    assert WorkItem.objects.get(dedupe_key=key).state == "done"
    assert claim(behind) is not None, "its conversation goes on"
    with pytest.raises(LeaseLostError), transaction.atomic():
        finish(dead)


def test_in_a_tenants_scope_no_other_tenants_row_is_taken_or_closed(
    tenant: TenantModel, neighbour: TenantModel
) -> None:
    key = put(tenant)
    with in_tenant(neighbour):
        assert claim(key) is None
        close_unheld(key)
    with in_tenant(tenant):
        assert claim(key) is not None


def test_the_sweeper_rings_for_what_waits_and_only_once_in_its_grace(tenant: TenantModel, kind: Recorder) -> None:
    put(tenant, rung_at=LONG_AGO)
    assert (sweep_once().rung, sweep_once().rung) == (1, 0)
    assert kind.rung == ["1"]


def test_the_sweeper_rings_for_abandoned_leases(tenant: TenantModel, kind: Recorder) -> None:
    claimed(put(tenant))
    assert sweep_once().rung == 0
    put(tenant, lease_until=LONG_AGO, rung_at=LONG_AGO)
    assert (sweep_once().rung, sweep_once().rung) == (1, 0)


@pytest.fixture
def backlog() -> Iterator[None]:
    """Something waits in every queue of the broker."""
    with redis.Redis.from_url(settings.BROKER_REDIS_URL) as client:
        for name in settings.CELERY_TASK_QUEUES_NAMES:
            client.lpush(name, "{}")
        yield
        client.delete(*settings.CELERY_TASK_QUEUES_NAMES)


RUNG_LATELY: dict[str, Any] = {
    "run_after": "now() - interval '14 s'",
    "rung_at": "now() - interval '6 s'",
}  # 8 s after it was due


def test_a_row_that_waits_in_a_queue_is_rung_ever_more_seldom(
    tenant: TenantModel, kind: Recorder, backlog: None
) -> None:
    put(tenant, **RUNG_LATELY)
    assert sweep_once().rung == 0
    put(tenant, rung_at="now() - interval '8 s'")  # rung 6 s after it was due
    assert sweep_once().rung == 1


def test_a_row_whose_queues_are_empty_has_lost_its_ring(tenant: TenantModel, kind: Recorder) -> None:
    put(tenant, **RUNG_LATELY)
    assert (sweep_once().rung, sweep_once().rung) == (1, 0)


def test_what_waits_behind_a_backlog_is_rung_when_a_worker_begins(
    tenant: TenantModel, kind: Recorder, backlog: None
) -> None:
    put(tenant, **RUNG_LATELY)
    assert (sweep_once(anew=True).rung, sweep_once(anew=True).rung) == (1, 0)


def test_a_death_rings_for_what_waits_behind_a_backlog_once(tenant: TenantModel, kind: Recorder, backlog: None) -> None:
    put(tenant, "waiting", 2, **RUNG_LATELY)
    claimed(put(tenant, "held"))
    put(tenant, "held", lease_until=LONG_AGO, rung_at=LONG_AGO)
    assert sweep_once().rung == 2
    put(tenant, "waiting", 2, **RUNG_LATELY)
    assert sweep_once().rung == 0


def test_an_abandoned_row_that_nobody_takes_is_rung_ever_more_seldom(tenant: TenantModel, kind: Recorder) -> None:
    claimed(put(tenant))
    put(tenant, lease_until="now() - interval '14 s'", rung_at="now() - interval '6 s'")
    assert sweep_once().rung == 0
    put(tenant, rung_at="now() - interval '8 s'")
    assert sweep_once().rung == 1


def test_a_row_whose_time_came_since_its_last_ring_is_rung_at_once(
    tenant: TenantModel, kind: Recorder, backlog: None
) -> None:
    put(tenant, run_after="now() - interval '10 ms'", rung_at="now() - interval '1 s'")
    assert sweep_once().rung == 1


def test_no_ring_goes_to_a_turn_whose_conversation_is_being_answered(tenant: TenantModel, kind: Recorder) -> None:
    lease = claimed(put(tenant, "1"))
    put(tenant, "2", rung_at=LONG_AGO)
    assert sweep_once().rung == 0
    with transaction.atomic():
        finish(lease)
    assert sweep_once().rung == 1


def test_the_sweeper_sleeps_until_a_row_is_due_whatever_waits_longer(tenant: TenantModel, kind: Recorder) -> None:
    for number in range(60):
        put(tenant, f"far {number}", None, run_after="now() + interval '1 hour'", rung_at=LONG_AGO)
    put(tenant, "near", run_after="now() + interval '1 s'")
    assert 0.5 < seconds_to_next() <= 1


def test_the_sweeper_looks_again_soon_while_a_row_is_due(tenant: TenantModel, kind: Recorder) -> None:
    put(tenant)
    assert seconds_to_next() == 0.25


def test_whoever_puts_short_work_off_wakes_the_sweeper(tenant: TenantModel, kind: Recorder) -> None:
    listen()
    stopped, began = threading.Event(), time.monotonic()
    with transaction.atomic():
        enqueue(kind="turn", dedupe_key="turn:x", tenant_id=tenant.pk, ref_id="x", delay=0.5)
    assert sleep(5, stopped) is False
    wake_sweeper(WORKER_BEGAN)
    assert sleep(5, stopped) is True
    assert time.monotonic() - began < 2


def test_a_sweeper_that_is_told_to_stop_does_not_sleep_on(tenant: TenantModel) -> None:
    listen()
    stopped, began = threading.Event(), time.monotonic()
    threading.Timer(0.1, stopped.set).start()
    assert sleep(5, stopped) is False
    assert time.monotonic() - began < 2


def test_the_sweeper_waits_for_the_time_of_a_row(tenant: TenantModel, kind: Recorder) -> None:
    put(tenant, rung_at=LONG_AGO, run_after="now() + interval '1 hour'")
    assert sweep_once().rung == 0
    assert seconds_to_next() == 2.0


def test_the_sweeper_works_itself_while_the_broker_is_away(tenant: TenantModel, kind: Recorder) -> None:
    put(tenant, rung_at=LONG_AGO)
    kind.broker_is_away = True
    assert sweep_once().worked == 1
    assert kind.run == ["1"]


def test_a_row_that_killed_twenty_processes_is_given_up(tenant: TenantModel, kind: Recorder) -> None:
    claimed(put(tenant))
    put(tenant, lease_until=LONG_AGO, rung_at=LONG_AGO, lost_leases="20")
    assert sweep_once().given_up == 1
    assert kind.died == ["1"]
    assert "20 processes died" in WorkItem.objects.get().last_error


def test_done_rows_go_after_seven_days(tenant: TenantModel) -> None:
    put(tenant, state="'done'", finished_at="now() - interval '8 days'")
    put(tenant, "2", state="'done'", finished_at="now() - interval '6 days'")
    assert remove_done() == 1
    assert WorkItem.objects.get().ref_id == "2"


def test_a_row_that_is_put_off_waits_without_a_failure(tenant: TenantModel, kind: Recorder) -> None:
    key = put(tenant)
    lease = claim(key)
    assert lease is not None
    with transaction.atomic():
        put_off(lease, 60, "not now")
    row = WorkItem.objects.get(dedupe_key=key)
    assert (row.state, row.attempts, row.last_error) == ("ready", 0, "not now")
    assert claim(key) is None
    with pytest.raises(LeaseLostError), transaction.atomic():
        put_off(lease, 60)


def test_a_row_that_was_put_off_is_rung_for_when_its_time_has_come(tenant: TenantModel, kind: Recorder) -> None:
    lease = claim(put(tenant))
    assert lease is not None
    with transaction.atomic():
        put_off(lease, 600)
    assert sweep_once().rung == 0
    put(tenant, run_after="run_after - interval '10 minutes'", rung_at="rung_at - interval '10 minutes'")
    assert sweep_once().rung == 1
