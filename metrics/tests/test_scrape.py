"""/metrics: what it tells, and whom."""

from typing import Any

import pytest
from django.db import connections
from django.test import Client, override_settings

from metrics.services import scraping
from tenants.models import TenantModel
from tenants.scope import OPERATIONS, in_tenant
from tenants.services.work import enqueue

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", OPERATIONS])


@pytest.fixture(autouse=True)
def _figures_are_read_anew() -> None:
    scraping.forget_figures()


def scrape(client: Client, **headers: Any) -> str:
    response = client.get("/metrics", **headers)
    assert response.status_code == 200
    assert response["Content-Type"].startswith("text/plain; version=0.0.4")
    return response.content.decode()


def test_requests_are_counted_by_their_routes_template(client: Client) -> None:
    client.get("/healthz")
    text = scrape(client)
    assert 'charla_http_requests_total{method="GET",route="healthz",status="200"}' in text
    assert 'charla_http_request_seconds_bucket{le="+Inf",method="GET",route="healthz"}' in text


def test_paths_that_lead_nowhere_make_one_series(client: Client) -> None:
    for number in range(3):
        client.get(f"/nowhere/{number}")
    assert "nowhere" not in scrape(client)


def test_work_that_waits_shows_its_count_and_age(client: Client, tenant: TenantModel) -> None:
    with in_tenant(tenant):
        enqueue(kind="turn", dedupe_key="message:1", tenant_id=tenant.pk, ref_id="1")
    with connections[OPERATIONS].cursor() as cursor:
        cursor.execute("UPDATE tenants_workitem SET run_after = now() - interval '40 seconds'")
    text = scrape(client)
    assert 'charla_work_rows{kind="turn",state="ready"} 1.0' in text
    assert 'charla_work_rows{kind="turn",state="dead"} 0.0' in text
    (age,) = [line.split()[1] for line in text.splitlines() if line.startswith("charla_work_oldest_seconds ")]
    assert 40 <= float(age) < 60


@pytest.mark.parametrize("address", ["203.0.113.9", "172.32.0.1", "::ffff:8.8.8.8", "2001:4860:4860::8888", ""])
def test_the_world_is_not_told(client: Client, address: str) -> None:
    assert client.get("/metrics", REMOTE_ADDR=address).status_code == 403


def test_what_a_proxy_passes_on_is_the_world(client: Client) -> None:
    assert client.get("/metrics", REMOTE_ADDR="10.0.0.2", headers={"X-Forwarded-For": "8.8.8.8"}).status_code == 403


@pytest.mark.parametrize("address", ["127.0.0.1", "10.1.2.3", "::1", "::ffff:127.0.0.1"])
def test_a_neighbour_is_told(client: Client, address: str) -> None:
    scrape(client, REMOTE_ADDR=address)


@override_settings(METRICS_TOKEN="let-me-in")
def test_whoever_has_the_token_is_told(client: Client) -> None:
    scrape(client, REMOTE_ADDR="203.0.113.9", headers={"Authorization": "Bearer let-me-in"})
    assert client.get("/metrics", REMOTE_ADDR="203.0.113.9", headers={"Authorization": "Bearer no"}).status_code == 403


def test_a_database_that_is_away_hides_no_counter(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(connections[OPERATIONS].settings_dict, "HOST", "/nowhere")
    connections[OPERATIONS].close()
    text = scrape(client)
    assert "charla_figures_readable 0.0" in text
    assert "charla_http_requests_total" in text
