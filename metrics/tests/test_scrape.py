"""/metrics: what it tells, and whom."""

from typing import Any

import pytest
from django.db import connection, connections
from django.test import Client, override_settings

from metrics.definitions import METRICS
from metrics.services import scraping
from tenants.models import TenantModel
from tenants.scope import OPERATIONS, in_tenant
from tenants.services.sweeping import ADVISORY_LOCK
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


def value_of(text: str, series: str) -> float:
    (value,) = [line.rpartition(" ")[2] for line in text.splitlines() if line.rpartition(" ")[0] == series]
    return float(value)


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
        cursor.execute(
            "UPDATE tenants_workitem SET run_after = now() - interval '40 s', rung_at = now() - interval '1 h'"
        )
    text = scrape(client)
    assert 'charla_work_rows{kind="turn",state="ready"} 1.0' in text
    assert 'charla_work_rows{kind="turn",state="dead"} 0.0' in text
    assert 40 <= value_of(text, 'charla_work_oldest_seconds{kind="turn"}') < 60
    assert value_of(text, 'charla_work_oldest_seconds{kind="delivery"}') == 0
    assert 40 <= value_of(text, "charla_sweeper_lag_seconds") < 60


def test_work_that_was_rung_for_is_no_lag_of_the_sweeper(client: Client, tenant: TenantModel) -> None:
    with in_tenant(tenant):
        enqueue(kind="turn", dedupe_key="message:1", tenant_id=tenant.pk, ref_id="1")
    with connections[OPERATIONS].cursor() as cursor:
        cursor.execute("UPDATE tenants_workitem SET run_after = now() - interval '40 seconds', rung_at = now()")
    assert value_of(scrape(client), "charla_sweeper_lag_seconds") == 0


def test_a_sweeper_at_work_is_seen(client: Client) -> None:
    assert value_of(scrape(client), "charla_sweepers") == 0
    scraping.forget_figures()
    with connection.cursor() as sweeper:
        sweeper.execute("SELECT pg_advisory_lock(%s)", [ADVISORY_LOCK])
        try:
            assert value_of(scrape(client), "charla_sweepers") == 1
        finally:
            sweeper.execute("SELECT pg_advisory_unlock(%s)", [ADVISORY_LOCK])


def test_a_statement_that_takes_too_long_hides_no_counter(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def linger() -> dict[str, list[scraping.Figure]]:
        with connections[OPERATIONS].cursor() as cursor:
            cursor.execute("SELECT pg_sleep(30)")
        return {}

    monkeypatch.setattr(scraping, "MOST_SECONDS", 1)
    with scraping.SCRAPED.lent(slow=scraping.Scrape(("active_chats",), linger)):
        text = scrape(client)
    assert "charla_figures_readable 0.0" in text
    assert "charla_http_requests_total" in text


def test_a_figure_with_another_label_than_its_metrics_is_refused(client: Client) -> None:
    figures = {"active_chats": [scraping.Figure(1, (("tenant", "acme"),))]}
    entry = scraping.Scrape(("active_chats",), lambda: figures)
    with scraping.SCRAPED.lent(wrong=entry), pytest.raises(ValueError, match="labels"):
        scraping.exposition()


def test_every_scraped_metric_is_read_and_none_that_is_not_defined() -> None:
    read = [name for _entry, scrape in scraping.SCRAPED.items() for name in scrape.names]
    defined = {name for name, definition in METRICS.items() if definition.kind == "scraped"}
    assert sorted([*read, "figures_readable"]) == sorted(defined)


def test_a_scrape_costs_few_statements_however_much_there_is(
    client: Client, tenant: TenantModel, django_assert_max_num_queries: Any
) -> None:
    with in_tenant(tenant):
        for number in range(20):
            enqueue(kind="turn", dedupe_key=f"message:{number}", tenant_id=tenant.pk, ref_id=str(number))
    with django_assert_max_num_queries(8, connection=connections[OPERATIONS]):
        scraping.exposition()


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
