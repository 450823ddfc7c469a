"""/healthz, /readyz and health_check against real servers."""

import json
import time
from collections.abc import Iterator
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connections
from django.test import Client, override_settings

from metrics import probes
from metrics.probes import PROBES, Probe, examine
from tenants.scope import OPERATIONS

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", OPERATIONS])
WITHOUT_A_WORKER = ["database", "roles", "redis", "channels", "storage"]


@pytest.fixture(autouse=True)
def _nothing_found_yet() -> Iterator[None]:
    probes.forget()
    yield
    probes.forget()


def only(**entries: Probe) -> Any:
    return PROBES.lent(**entries)


def fine(timeout: float) -> None:
    """A service that works."""


def broken(timeout: float) -> None:
    raise ConnectionError("10.1.2.3 refused")


def test_healthz_answers_without_a_query(client: Client, django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(0):
        assert client.get("/healthz").status_code == 200


@pytest.mark.parametrize("name", WITHOUT_A_WORKER)
def test_each_service_is_found_at_work(name: str) -> None:
    (finding,) = examine([name])
    assert finding.ok, finding


def test_all_services_are_tried_quickly() -> None:
    examine(WITHOUT_A_WORKER)
    began = time.perf_counter()
    examine(WITHOUT_A_WORKER)
    assert time.perf_counter() - began < 0.3


def test_no_worker_is_found_missing_within_the_time_given() -> None:
    began = time.perf_counter()
    (finding,) = examine(["celery"], timeout=0.5)
    assert not finding.ok
    assert "worker" in finding.detail
    assert time.perf_counter() - began < 1.5


def test_a_database_that_is_away_is_found() -> None:
    settings = connections.settings["default"]
    kept, settings["HOST"] = settings["HOST"], "/nowhere"
    try:
        (finding,) = examine(["database"])
    finally:
        settings["HOST"] = kept
    assert not finding.ok
    assert "DATABASE_URL" in finding.detail


def test_a_redis_that_is_away_is_found() -> None:
    away = {"default": {"LOCATION": "unix:///nowhere?db=0"}}
    with override_settings(CACHES=away):
        (finding,) = examine(["redis"])
    assert not finding.ok
    assert "REDIS_URL" in finding.detail


def test_readyz_is_200_when_everything_works(client: Client) -> None:
    with only(one=Probe(fine, "Start it.")):
        response = client.get("/readyz")
    assert response.status_code == 200
    assert response.json()["status"] == "ok"
    assert response.json()["services"]["one"]["ok"] is True


def test_readyz_is_503_and_says_what_to_do_when_one_service_fails(client: Client) -> None:
    with only(one=Probe(fine, "Start it."), two=Probe(broken, "Start the other.")):
        response = client.get("/readyz")
    assert response.status_code == 503
    assert response.json()["services"]["two"]["detail"] == "Start the other."
    assert "10.1.2.3" not in response.content.decode()


def test_readyz_asks_again_only_after_a_moment(client: Client) -> None:
    calls: list[float] = []
    with only(one=Probe(calls.append, "Start it.")):
        for _time in range(5):
            client.get("/readyz")
    assert len(calls) == 1


def test_a_service_that_hangs_holds_nobody_up_and_takes_one_thread() -> None:
    calls: list[float] = []

    def hang(timeout: float) -> None:
        calls.append(timeout)
        time.sleep(0.8)

    with only(one=Probe(hang, "Start it.")):
        began = time.perf_counter()
        first, second = examine(timeout=0.1), examine(timeout=0.1)
    assert time.perf_counter() - began < 0.6
    assert [finding.ok for finding in first + second] == [False, False]
    assert len(calls) == 1


def run_health_check(**options: Any) -> tuple[str, bool]:
    out = StringIO()
    try:
        call_command("health_check", stdout=out, **options)
    except CommandError:
        return out.getvalue(), False
    return out.getvalue(), True


def test_health_check_tells_of_each_service() -> None:
    with only(one=Probe(fine, "Start it.")):
        text, passed = run_health_check()
    assert passed
    assert "one" in text


def test_health_check_fails_when_one_service_does() -> None:
    with only(one=Probe(broken, "Start it.")):
        text, passed = run_health_check(verbose=True)
    assert not passed
    assert "Start it." in text
    assert "10.1.2.3 refused" in text


def test_health_check_gives_one_json_object() -> None:
    with only(one=Probe(fine, "Start it."), two=Probe(broken, "Start it.")):
        text, passed = run_health_check(json=True)
    assert not passed
    assert json.loads(text)["services"]["one"]["ok"] is True


def test_health_check_tries_the_one_service_asked_for() -> None:
    text, passed = run_health_check(service="database")
    assert passed
    assert "redis" not in text


@pytest.mark.parametrize("seconds", [0.0, -5.0, float("nan"), float("inf")])
def test_health_check_refuses_a_time_in_which_nothing_could_answer(seconds: float) -> None:
    with only(one=Probe(fine, "Start it.")), pytest.raises(CommandError, match="timeout") as refused:
        call_command("health_check", timeout=seconds)
    assert refused.value.returncode == 2
