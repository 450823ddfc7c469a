"""The suite's database: made and migrated by the owner role, used by the application's (decision 1)."""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
import pytest
from asgiref.sync import SyncToAsync
from django.core.management import call_command
from django.db import connections
from django.db.utils import load_backend
from django.test import TransactionTestCase
from psycopg import sql

from config.settings.database import connection as described

OTHERS_SECONDS = 300  # a test beside this one may import a whole data set in its one transaction
GRANTS = """
ALTER DEFAULT PRIVILEGES IN SCHEMA public
    GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO charla_app, charla_operations;
ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT USAGE ON SEQUENCES TO charla_app, charla_operations;
"""
EMPTY = """
DO $$ DECLARE name text; BEGIN
    FOR name IN SELECT quote_ident(tablename) FROM pg_tables WHERE schemaname = 'public'
        AND tablename NOT IN ('django_migrations', 'django_content_type', 'auth_permission')
    LOOP
        EXECUTE 'ALTER TABLE ' || name || ' DISABLE TRIGGER USER';
    END LOOP;
    EXECUTE (SELECT 'TRUNCATE ' || string_agg(quote_ident(tablename), ', ') || ' RESTART IDENTITY CASCADE'
             FROM pg_tables WHERE schemaname = 'public'
             AND tablename NOT IN ('django_migrations', 'django_content_type', 'auth_permission'));
    FOR name IN SELECT quote_ident(tablename) FROM pg_tables WHERE schemaname = 'public'
        AND tablename NOT IN ('django_migrations', 'django_content_type', 'auth_permission')
    LOOP
        EXECUTE 'ALTER TABLE ' || name || ' ENABLE TRIGGER USER';
    END LOOP;
END $$
"""


def owner_settings(database: str) -> dict[str, Any]:
    """Return Django's description of the owner's connection to a database of the throw-away server."""
    return {**described(os.environ["DATABASE_OWNER_URL"], tenant_scoped=False), "NAME": database}


def owner_connection(database: str) -> "psycopg.Connection[Any]":
    """Connect as the owner, outside any transaction."""
    settings = owner_settings(database)
    return psycopg.connect(
        host=settings["HOST"], port=settings["PORT"] or None, user=settings["USER"], password=settings["PASSWORD"],
        dbname=database, autocommit=True,
    )  # fmt: skip


def make_database(name: str) -> None:
    """Make an empty database that belongs to the owner and lets the other roles in."""
    drop_database(name)
    with owner_connection("postgres") as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    with owner_connection(name) as connection:
        connection.execute(GRANTS)


END_OWN_SESSIONS = """
SELECT pg_terminate_backend(pid) FROM pg_stat_activity
WHERE datname = current_database() AND usename = current_user AND pid <> pg_backend_pid()
"""


def drop_database(name: str) -> None:
    """Drop a database; connections of other roles must be gone."""
    with owner_connection("postgres") as connection:
        connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))


def others_end() -> None:
    """Wait until what began before now is over: the server has one horizon, for the databases of other tests too."""
    until = time.monotonic() + OTHERS_SECONDS
    with connections["default"].cursor() as cursor:
        cursor.execute("SELECT pg_snapshot_xmax(pg_current_snapshot())::text::bigint")
        begun = cursor.fetchone()[0]
        while True:
            cursor.execute("SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint")
            if cursor.fetchone()[0] >= begun:
                return
            assert time.monotonic() < until, "a transaction stays open"
            time.sleep(0.02)


@contextmanager
def default_connection_is(settings: dict[str, Any]) -> Iterator[Any]:
    """Put another connection in the place of this thread's default one."""
    complete = {**connections.settings["default"], **settings, "TEST": connections.settings["default"]["TEST"]}
    kept = connections["default"]
    wrapper = load_backend(complete["ENGINE"]).DatabaseWrapper(complete, "default")
    connections["default"] = wrapper
    try:
        yield wrapper
    finally:
        wrapper.close()
        connections["default"] = kept


def leave_and_drop(name: str) -> None:
    """End this process's sessions, those of its threads too, and drop the database.

    A role may end its own sessions alone, and an ended one takes a moment to be gone. A database that somebody still
    uses after ten seconds stays: it goes with its throw-away server.
    """
    until = time.monotonic() + 10
    while time.monotonic() < until:
        for alias in ("default", "operations"):
            with connections[alias].cursor() as cursor:
                cursor.execute(END_OWN_SESSIONS)
        connections.close_all()
        try:
            return drop_database(name)
        except psycopg.errors.ObjectInUse:
            time.sleep(0.1)
    return None


@pytest.fixture(scope="session")
def django_db_setup(request: pytest.FixtureRequest, django_db_blocker: Any) -> Iterator[None]:
    """Migrate as the owner; everything after runs as the application."""
    worker = getattr(request.config, "workerinput", {}).get("workerid", "main")
    name = f"test_charla_{worker}_{os.getpid()}"
    with django_db_blocker.unblock():
        make_database(name)
        with default_connection_is(owner_settings(name)):
            call_command("migrate", verbosity=0, interactive=False)
        for alias in ("default", "operations"):
            connections[alias].close()
            connections.settings[alias]["NAME"] = name
            connections[alias].settings_dict["NAME"] = name
    yield
    with django_db_blocker.unblock():
        leave_and_drop(name)


@pytest.fixture(autouse=True, scope="session")
def _owner_empties_the_tables() -> Iterator[None]:
    """After a test that committed, the owner empties the tables: the application may not truncate."""
    kept = TransactionTestCase._fixture_teardown  # type: ignore[attr-defined]

    def teardown(self: TransactionTestCase) -> None:
        database = connections["default"].settings_dict["NAME"]
        for alias in ("default", "operations"):
            connections[alias].close()
        # The one thread in which asynchronous tests do what is not outlives each of them, and a restore cuts it off.
        SyncToAsync.single_thread_executor.submit(connections.close_all).result()
        with owner_connection(database) as connection:
            connection.execute(EMPTY)

    TransactionTestCase._fixture_teardown = teardown  # type: ignore[attr-defined]
    yield
    TransactionTestCase._fixture_teardown = kept  # type: ignore[attr-defined]


@pytest.fixture(autouse=True, scope="session")
def _valkey_has_time() -> None:
    """On a busy machine a late answer is no outage, which would begin buckets anew in the middle of a test."""
    from tenants.limits import buckets

    buckets.SECONDS = 30.0  # type: ignore[misc]


@pytest.fixture(autouse=True)
def _nothing_remembered() -> None:
    """Start each test without what the process remembers of keys, sessions, settings and callers, and in English."""
    from django.utils.translation import activate
    from structlog.contextvars import clear_contextvars

    from agents.services.configuration import forget_configurations
    from chats.services.visitors import forget_visitors
    from tenants.encryption.data_keys import forget_keys
    from tenants.services.config import forget_settings
    from tenants.services.credentials import forget_credentials
    from tenants.services.origins import forget_origins
    from tenants.services.schedules import forget_slots

    kept = (forget_visitors, forget_settings, forget_credentials, forget_keys, forget_slots, forget_configurations)
    for forget in (*kept, forget_origins, clear_contextvars):
        forget()
    activate("en")
