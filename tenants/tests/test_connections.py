"""What the database engine does for speed: kept plans, and pooled connections that are not asked each time."""

from typing import Any

import psycopg
import pytest
from django.db import connection

from tenants.db.base import DatabaseWrapper
from tenants.db.liveness import has_news
from tenants.db.prepared import prepared_statements

KEPT = "SELECT count(*) FROM pg_prepared_statements WHERE statement LIKE 'SELECT 40 + $1%%'"


def kept() -> int:
    """Return how many plans of the test's statement the server keeps for this connection."""
    with connection.cursor() as cursor:
        cursor.execute(KEPT)
        return int(cursor.fetchone()[0])


def add(number: int) -> Any:
    """Run a statement with a value."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 40 + %s", [number])
        return cursor.fetchone()[0]


@pytest.mark.django_db
def test_only_what_is_meant_to_is_prepared() -> None:
    assert (add(1), kept()) == (41, 0)
    with prepared_statements():
        assert [add(1), add(2)] == [41, 42]
    assert kept() == 1


@pytest.mark.django_db
def test_a_resting_connection_has_news_once_the_server_ended_it() -> None:
    with psycopg.connect(**connection.get_connection_params() | {"cursor_factory": psycopg.Cursor}) as resting:
        pid = resting.info.backend_pid
        resting.commit()
        assert not has_news(resting)
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(%s, 5000)", [pid])
        assert has_news(resting)


@pytest.mark.django_db(transaction=True)
def test_a_pooled_connection_that_the_server_ended_is_replaced() -> None:
    connection.close()
    described = {**connection.settings_dict, "CONN_MAX_AGE": 0, "CONN_HEALTH_CHECKS": False}
    described["OPTIONS"] = {**described["OPTIONS"], "pool": {"min_size": 1, "max_size": 2, "timeout": 5}}
    pooled = DatabaseWrapper(described, "pooled")
    try:
        with pooled.cursor() as cursor:
            cursor.execute("SELECT pg_backend_pid()")
            (ended,) = cursor.fetchone()
        pooled.close()
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(%s, 5000)", [ended])
        with pooled.cursor() as cursor:
            cursor.execute("SELECT pg_backend_pid()")
            assert cursor.fetchone() != (ended,)
    finally:
        pooled.close()
        pooled.close_pool()  # type: ignore[attr-defined]
