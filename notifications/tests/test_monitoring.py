"""monitor_performance: what it sees, and whom it tells."""

import io
import json
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.utils import translation

from metrics.services import MetricsService, watching
from metrics.services.reading import Counted, counted
from metrics.services.watching import Look, tell_strains, watch
from notifications.models import Notification, Room, RoomMessage
from notifications.models.notices import rendered
from tenants.models import Membership, TenantModel, User
from tenants.scope import OPERATIONS, in_tenant
from tenants.services.work import enqueue

pytestmark = pytest.mark.django_db(databases=["default", OPERATIONS])
committed = pytest.mark.django_db(transaction=True, databases=["default", OPERATIONS])
CALM = Look(
    at=0, requests=0, request_p95=None, errors=0, replies=0, reply_p95=None, ready=0, leased=0, dead=0, oldest=0,
    connections=3, active=1, connections_percent=3, longest_transaction=0, commits=0, cpu_percent=5, memory_percent=5,
    disk_percent=5, work_percent=0,
)  # fmt: skip


@pytest.fixture
def ruled(tenant: TenantModel, neighbour: TenantModel, operator: User, owner: User) -> TenantModel:
    """A tenant of which the operator is a member, beside one of which it is not; both with a room."""
    with in_tenant(tenant):
        Membership.objects.create(user=operator, role="owner")
        Room.objects.create(name="ops", kind="slack", types=["performance"])
    with in_tenant(neighbour):
        Room.objects.create(name="theirs", kind="slack", types=["performance"])
    return tenant


@committed
def test_a_strain_is_told_to_the_operator_and_its_room_once_an_hour(ruled: TenantModel, operator: User) -> None:
    strained = replace(CALM, cpu_percent=97.4)
    for _time in range(2):
        assert tell_strains(strained, 90) == {"cpu": 97.4}
    with in_tenant(ruled):
        told = Notification.objects.get()
        assert (told.recipient, told.notification_type, told.data) == (operator, "performance", {"figure": "cpu"})
        assert RoomMessage.objects.get().room.name == "ops"


@committed
def test_nobody_else_is_told(ruled: TenantModel, neighbour: TenantModel) -> None:
    tell_strains(replace(CALM, disk_percent=99), 90)
    with in_tenant(neighbour):
        assert (Notification.objects.count(), RoomMessage.objects.count()) == (0, 0)


@committed
def test_each_figure_is_told_in_both_languages(ruled: TenantModel) -> None:
    strained = replace(
        CALM, cpu_percent=95, memory_percent=95, disk_percent=95, connections_percent=95, work_percent=95
    )
    assert {*tell_strains(strained, 95)} == {"cpu", "memory", "disk", "connections", "work"}
    assert tell_strains(CALM, 95) == {}
    with in_tenant(ruled):
        notices = list(Notification.objects.all())
    words = {}
    for language in ("en", "es"):
        with translation.override(language):
            words[language] = {rendered(told.message, told.params) for told in notices}
    assert [len(said) for said in words.values()] == [5, 5]
    assert not words["en"] & words["es"]
    assert all("95 %" in said for said in words["en"] | words["es"])


@pytest.fixture
def passed(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """A clock that only moves while somebody sleeps: for how long each time."""
    times = [0.0]
    clock = SimpleNamespace(monotonic=lambda: sum(times), sleep=times.append, time=lambda: 0.0)
    monkeypatch.setattr(watching, "time", clock)
    return times


@committed
def test_what_happens_between_two_looks_is_seen(tenant: TenantModel, passed: list[float]) -> None:
    looks = watch(duration=4.0, interval=2.0)
    assert next(looks).requests == 0
    with in_tenant(tenant):
        enqueue(kind="turn", dedupe_key="message:1", tenant_id=tenant.pk, ref_id="1")
    for seconds in (0.2, 0.2, 4.0):
        MetricsService.observe_histogram("http_request_seconds", seconds, {"method": "GET", "route": "x"})
        MetricsService.increment_counter("http_requests", {"method": "GET", "route": "x", "status": "500"})
    MetricsService.observe_histogram("reply_seconds", 0.7, {"turn": "first"})
    look = next(looks)
    assert (look.requests, look.errors) == (1.5, 1.5)
    assert 2.5 < (look.request_p95 or 0) <= 5
    assert 0.5 <= (look.reply_p95 or 0) <= 1
    assert (look.ready, look.connections >= 1, look.memory_percent > 0, look.disk_percent > 0) == (1, True, True, True)
    assert list(looks) == []


def run(**options: Any) -> tuple[int, dict[str, Any]]:
    """Run the command; return its exit status and its answer."""
    out, status = io.StringIO(), 0
    try:
        call_command("monitor_performance", json=True, no_progress=True, stdout=out, **options)
    except CommandError as error:
        status = error.returncode
    return status, json.loads(out.getvalue() or "{}")


def test_the_command_looks_as_often_as_asked_for(ruled: TenantModel, passed: list[float]) -> None:
    status, told = run(duration=10.0, interval=3.0, alert_threshold=1_000_000.0)
    assert (status, len(told["looks"]), told["exceeded"]) == (0, 4, {})
    assert passed == [0.0, 3.0, 3.0, 3.0, 1.0]


@committed
def test_a_threshold_that_was_exceeded_is_exit_status_one_and_a_notice(ruled: TenantModel) -> None:
    status, told = run(duration=0.1, interval=0.1, alert_threshold=0.0001)
    assert (status, {"memory", "disk"} <= {*told["exceeded"]}) == (1, True)
    with in_tenant(ruled):
        assert {"memory", "disk"} <= {told.data["figure"] for told in Notification.objects.all()}


@pytest.mark.parametrize("wrong", [{"duration": 0.0}, {"interval": -1.0}, {"alert_threshold": float("nan")}])
def test_numbers_that_make_no_sense_are_wrong_usage(wrong: dict[str, float]) -> None:
    assert run(**wrong)[0] == 2


def test_it_is_told_as_a_table(tenant: TenantModel) -> None:
    out = io.StringIO()
    call_command("monitor_performance", duration=0.1, interval=0.1, alert_threshold=1e6, lang="es", stdout=out)
    head, row = out.getvalue().splitlines()
    assert "peticiones/s" in head
    assert len(head) == len(row)


def test_a_quantile_lies_in_its_bucket() -> None:
    series = Counted(value=10, buckets={1.0: 5, 2.0: 9, float("inf"): 10})
    assert (series.quantile(0.5), series.quantile(0.7), series.quantile(1.0)) == (1.0, 1.5, 2.0)
    assert Counted().quantile(0.5) is None
    assert counted("messages_created").keys() >= set()
