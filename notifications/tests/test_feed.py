"""A reader of the feed gets every event once, in one order, whatever commits when."""

import threading
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection, connections

from notifications.models import Event
from notifications.services.events import record_event
from notifications.services.feed import LAST_ID, BadPositionError, Position, read_feed
from tenants.models import TenantModel, User
from tenants.scope import in_tenant
from tests.support.cast import Visitor, client_of, client_with_key
from tests.support.database import others_end

ADDRESS = "/api/v1/events/"


def write(tenant: TenantModel, *names: str, event_type: str = "chat.updated") -> None:
    """Write events about objects of these names, in one transaction."""
    with in_tenant(tenant):
        for name in names:
            record_event(event_type, object_type="thing", object_id=name)


def record(tenant: TenantModel, *names: str, event_type: str = "chat.updated") -> None:
    """Write events, and wait until nothing keeps readers from them."""
    write(tenant, *names, event_type=event_type)
    others_end()


def told(page: Any) -> list[str]:
    """Return the objects that a page speaks of, the test's own alone."""
    return [entry.object_id for entry in page.entries if entry.object_type == "thing"]


class Writer:
    """Another connection, with a transaction that stays open until told to commit."""

    def __init__(self, tenant: TenantModel, name: str) -> None:
        self._wrote, self._may_commit = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._write, args=(tenant, name))
        self._thread.start()
        assert self._wrote.wait(10)

    def _write(self, tenant: TenantModel, name: str) -> None:
        try:
            with in_tenant(tenant):
                record_event("chat.updated", object_type="thing", object_id=name)
                self._wrote.set()
                self._may_commit.wait(10)
        finally:
            connections.close_all()

    def commit(self) -> None:
        """Commit and end."""
        self._may_commit.set()
        self._thread.join(10)


@pytest.mark.django_db(transaction=True)
def test_events_that_commit_in_reverse_order_are_never_passed_by(tenant: TenantModel) -> None:
    writers = [Writer(tenant, str(number)) for number in range(6)]
    seen: list[str] = []
    with in_tenant(tenant):
        after = str(read_feed(after="", limit=100).after)
    for writer in reversed(writers):
        writer.commit()
        if writer is writers[0]:
            others_end()
        with in_tenant(tenant):
            page = read_feed(after=after, limit=100)
        after, seen = str(page.after), [*seen, *told(page)]
    assert seen == ["0", "1", "2", "3", "4", "5"]


@pytest.mark.django_db(transaction=True)
def test_nothing_is_shown_while_an_older_transaction_is_open(tenant: TenantModel) -> None:
    writer = Writer(tenant, "first")
    write(tenant, "second")
    with in_tenant(tenant):
        assert "second" not in told(read_feed(after="", limit=100))
    writer.commit()
    others_end()
    with in_tenant(tenant):
        assert told(read_feed(after="", limit=100)) == ["first", "second"]


@pytest.mark.django_db(transaction=True)
def test_pages_follow_each_other_without_gap_or_repetition(tenant: TenantModel) -> None:
    for start in range(0, 20, 4):
        record(tenant, *(str(number) for number in range(start, start + 4)))
    after, seen, more = "", [], True
    while more:
        with in_tenant(tenant):
            page = read_feed(after=after, limit=3)
        after, more = str(page.after), page.has_more
        seen += told(page)
    assert seen == [str(number) for number in range(20)]


@pytest.mark.django_db(transaction=True)
def test_types_are_picked_out_and_the_reader_still_moves_on(
    tenant: TenantModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("notifications.services.feed.MOST_SCANNED", 5)
    record(tenant, *(str(number) for number in range(12)))
    record(tenant, "wanted", event_type="chat.completed")
    after, seen, rounds = "", [], 0
    while "wanted" not in seen and rounds < 10:
        with in_tenant(tenant):
            page = read_feed(after=after, types=["chat.completed"], limit=10)
        after, rounds = str(page.after), rounds + 1
        seen += told(page)
    assert seen == ["wanted"]


@pytest.mark.django_db(transaction=True)
def test_the_end_of_the_feed_is_after_all_that_there_is(tenant: TenantModel) -> None:
    record(tenant, "before")
    with in_tenant(tenant):
        after = str(read_feed(after="now", limit=10).after)
    record(tenant, "since")
    with in_tenant(tenant):
        assert told(read_feed(after=after, limit=10)) == ["since"]


@pytest.mark.django_db(transaction=True)
def test_a_reader_who_was_away_too_long_is_told_to_start_anew(tenant: TenantModel, settings: Any) -> None:
    record(tenant, "lost")
    old = datetime.now(tz=UTC) - timedelta(days=settings.EVENT_RETENTION_DAYS, hours=1)
    with in_tenant(tenant):
        page = read_feed(after=str(Position(1, 1, old)), limit=10)
    assert (page.resync, page.entries) == (True, [])
    record(tenant, "next")
    with in_tenant(tenant):
        assert told(read_feed(after=str(page.after), limit=10)) == ["next"]


@pytest.mark.django_db(transaction=True)
def test_a_position_of_another_database_starts_anew(tenant: TenantModel) -> None:
    with in_tenant(tenant):
        assert read_feed(after=str(Position(2**40, 1, datetime.now(tz=UTC))), limit=10).resync


@pytest.mark.parametrize(
    "text", ["x", "MQ", "1.2.3.4", "ñ", "A" * 5000, str(Position(2**64, 1, datetime(2026, 1, 1, tzinfo=UTC)))]
)
def test_a_position_that_is_not_ours_is_refused(text: str) -> None:
    with pytest.raises(BadPositionError):
        Position.read(text)


def test_a_position_says_the_same_after_the_way_out_and_back() -> None:
    given = Position(7, LAST_ID, datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC))
    assert Position.read(str(given)) == given


@pytest.mark.django_db(transaction=True)
def test_the_api_gives_the_feed_in_order(tenant: TenantModel, viewer: User) -> None:
    record(tenant, "one", "two")
    client = client_of(viewer)
    body = client.get(ADDRESS, {"types": "chat.updated", "page_size": "1"}).json()
    assert [event["object_id"] for event in body["results"]] == ["one"]
    assert (body["has_more"], body["resync"]) == (True, False)
    body = client.get(ADDRESS, {"types": "chat.updated", "after": body["results"][0]["id"]}).json()
    assert [event["object_id"] for event in body["results"]] == ["two"]
    assert client.get(ADDRESS, {"after": body["after"]}).json()["results"] == []


@pytest.mark.django_db(transaction=True)
def test_a_neighbours_events_are_not_shown(tenant: TenantModel, viewer: User, neighbour: TenantModel) -> None:
    record(neighbour, "theirs")
    body = client_of(viewer).get(ADDRESS).json()
    assert "theirs" not in [event["object_id"] for event in body["results"]]


def test_a_wrong_position_is_the_callers_error(tenant: TenantModel, viewer: User) -> None:
    response = client_of(viewer).get(ADDRESS, {"after": "nonsense"})
    assert (response.status_code, response.json()["errors"][0]["attr"]) == (400, "after")


def test_visitors_and_keys_without_the_scope_are_refused(tenant: TenantModel, visitor: Visitor) -> None:
    assert visitor.client.get(ADDRESS).status_code == 403
    assert client_with_key(tenant, "chats:read").get(ADDRESS).status_code == 403
    assert client_with_key(tenant, "events:read").get(ADDRESS).status_code == 200


def test_reading_costs_one_statement_by_the_index(
    tenant: TenantModel, django_assert_num_queries: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from notifications.services import feed

    with in_tenant(tenant), connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        with django_assert_num_queries(1):
            read_feed(after="", limit=10)
        monkeypatch.setattr(feed, "READ", f"EXPLAIN {feed.READ}")
        plan = "\n".join(str(row[0]) for row in feed._rows(None, [], 10))
    index_condition = next(line for line in plan.splitlines() if "Index Cond" in line)
    assert "events_in_order" in plan
    assert "ROW(xid, id)" in index_condition
    assert Event._meta.db_table in plan
