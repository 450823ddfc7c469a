"""Recurring work: each slot runs once for each tenant, whoever dies meanwhile."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from tenants.models import Schedule, TenantModel, WorkItem
from tenants.scope import current_tenant_id, tenant_scope
from tenants.services.schedules import SCHEDULES, ScheduleEntry, forget_slots, plant_due, run_scheduled

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "operations"])

NOON = datetime(2026, 11, 21, 12, 0, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)


class Bell:
    """Remembers for whom it rang; fails as often as it is told to."""

    def __init__(self) -> None:
        self.rang_for: list[object] = []
        self.failures = 0

    def __call__(self) -> None:
        if self.failures:
            self.failures -= 1
            raise ConnectionError("away")
        self.rang_for.append(current_tenant_id())


@pytest.fixture
def bell() -> Iterator[Bell]:
    """The only entry there is: every hour."""
    rung = Bell()
    with SCHEDULES.lent(**{"tests.bell": ScheduleEntry("ring the bell", HOUR, rung)}):  # type: ignore[arg-type]
        plant_due(NOON - HOUR)
        yield rung


def run_all() -> None:
    """Do what was planted."""
    for item in WorkItem.objects.filter(state="ready"):
        assert item.tenant_id is not None
        WorkItem.objects.filter(pk=item.pk).update(run_after="2020-01-01T00:00:00Z")
        with tenant_scope(item.tenant_id):
            run_scheduled(item.ref_id)


def test_a_slot_is_planted_once_for_each_tenant_and_runs_in_its_scope(
    tenant: TenantModel, neighbour: TenantModel, bell: Bell
) -> None:
    assert plant_due(NOON) == 2
    forget_slots()  # as another sweeper, or one that was killed
    assert plant_due(NOON + timedelta(minutes=59)) == 0
    run_all()
    run_all()
    assert sorted(map(str, bell.rang_for)) == sorted([str(tenant.pk), str(neighbour.pk)])


def test_what_a_slot_did_is_found_by_an_id_of_its_own(tenant: TenantModel, neighbour: TenantModel, bell: Bell) -> None:
    plant_due(NOON)
    ids = set(WorkItem.objects.values_list("request_id", flat=True))
    assert len(ids) == 2
    assert all(re.fullmatch("[0-9a-f]{32}", each) for each in ids)


def test_slots_that_passed_while_nothing_ran_are_one_run(tenant: TenantModel, bell: Bell) -> None:
    assert plant_due(NOON + 48 * HOUR) == 1
    assert plant_due(NOON + 49 * HOUR) == 1


def test_what_is_switched_off_does_not_run_and_goes_on_with_the_next_slot(tenant: TenantModel, bell: Bell) -> None:
    Schedule.objects.update(is_enabled=False)
    assert plant_due(NOON) == 0
    Schedule.objects.update(is_enabled=True)
    assert plant_due(NOON + HOUR) == 1


def test_a_tenant_that_is_switched_off_is_left_alone(tenant: TenantModel, neighbour: TenantModel, bell: Bell) -> None:
    TenantModel.objects.filter(pk=neighbour.pk).update(is_active=False)
    assert plant_due(NOON) == 1


def test_a_failure_is_seen_and_tried_again(tenant: TenantModel, bell: Bell) -> None:
    bell.failures = 1
    plant_due(NOON)
    run_all()
    assert Schedule.objects.get().last_outcome == "ConnectionError: away"
    run_all()
    assert (bell.rang_for, Schedule.objects.get().last_outcome) == ([tenant.pk], "")


def test_a_neighbours_success_does_not_hide_a_failure_before_the_next_slot(
    tenant: TenantModel, neighbour: TenantModel, bell: Bell
) -> None:
    bell.failures = 1
    plant_due(NOON)
    run_all()
    assert len(bell.rang_for) == 1
    assert Schedule.objects.get().last_outcome == "ConnectionError: away"
    WorkItem.objects.filter(state="ready").update(state="dead")
    plant_due(NOON + HOUR)
    run_all()
    assert Schedule.objects.get().last_outcome == ""
    assert Schedule.objects.get().last_run is not None


def test_a_slot_whose_process_died_is_taken_over(tenant: TenantModel, bell: Bell) -> None:
    plant_due(NOON)
    WorkItem.objects.update(state="leased", lease_token=tenant.pk, lease_until="2020-01-01T00:00:00Z")
    reference = WorkItem.objects.get().ref_id
    with tenant_scope(tenant):
        run_scheduled(reference)
    assert bell.rang_for == [tenant.pk]


def test_an_entry_that_is_gone_leaves_nothing_waiting(tenant: TenantModel, bell: Bell) -> None:
    plant_due(NOON)
    with SCHEDULES.lent():
        run_all()
    assert WorkItem.objects.get().state == "done"


def test_slots_begin_at_the_offset() -> None:
    daily = ScheduleEntry("x", timedelta(days=1), lambda: None, offset=timedelta(hours=3))  # type: ignore[arg-type]
    assert daily.slot_of(NOON) == datetime(2026, 11, 21, 3, tzinfo=UTC)
    assert daily.slot_of(datetime(2026, 11, 21, 2, 59, tzinfo=UTC)) == datetime(2026, 11, 20, 3, tzinfo=UTC)
