"""The embedded servers: roles, privileges, extension, closed doors."""

import os
import stat

import psycopg
import pytest
import redis

from config.stack.postgres import SUPERUSER
from config.stack.roles import APP, OPERATIONS, OWNER, Role, read_role
from config.stack.servers import bootstrap
from tests.support.servers import Servers


def as_role(servers: Servers, variable: str) -> psycopg.Connection:
    """Connect with one of the URLs."""
    return psycopg.connect(servers.environment[variable])


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        (OWNER, Role(superuser=False, bypasses_policies=True)),
        (OPERATIONS, Role(superuser=False, bypasses_policies=True)),
        (APP, Role(superuser=False, bypasses_policies=False)),
    ],
)
def test_each_role_has_exactly_the_power_it_needs(servers: Servers, name: str, expected: Role) -> None:
    with as_role(servers, "DATABASE_URL") as connection:
        assert read_role(connection, name) == expected


def test_the_application_can_use_and_not_define_what_the_owner_makes(servers: Servers) -> None:
    with as_role(servers, "DATABASE_OWNER_URL") as owner:
        owner.execute("CREATE TABLE thing (id bigint GENERATED ALWAYS AS IDENTITY, name text)")
    with as_role(servers, "DATABASE_URL") as app:
        app.execute("INSERT INTO thing (name) VALUES ('one')")
        assert app.execute("SELECT name FROM thing").fetchall() == [("one",)]
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            app.execute("DROP TABLE thing")


@pytest.mark.parametrize("variable", ["DATABASE_URL", "DATABASE_OPERATIONS_URL"])
def test_only_the_owner_makes_tables(servers: Servers, variable: str) -> None:
    with as_role(servers, variable) as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
        connection.execute("CREATE TABLE mine ()")


def test_a_database_that_the_owner_makes_has_the_extension_and_the_privileges(servers: Servers) -> None:
    with psycopg.connect(servers.environment["DATABASE_OWNER_URL"], autocommit=True) as owner:
        owner.execute("CREATE DATABASE another")
    with psycopg.connect(servers.postgres.url(OWNER, "another")) as owner:
        owner.execute("CREATE TABLE thing (place vector(3))")
    with psycopg.connect(servers.postgres.url(APP, "another")) as app:
        app.execute("INSERT INTO thing VALUES ('[1,2,3]')")


def test_the_bootstrap_is_safe_to_run_again(servers: Servers) -> None:
    bootstrap(servers.postgres)
    with as_role(servers, "DATABASE_URL") as connection:
        assert connection.execute("SELECT current_user").fetchone() == (APP,)


def test_nobody_listens_on_the_network(servers: Servers) -> None:
    with psycopg.connect(servers.postgres.url(SUPERUSER, "postgres")) as connection:
        assert connection.execute("SHOW listen_addresses").fetchone() == ("",)
    assert redis.Redis.from_url(servers.valkey.url).config_get("port") == {"port": "0"}


def test_the_folder_of_the_sockets_is_closed_to_others(servers: Servers) -> None:
    assert stat.S_IMODE(servers.postgres.sockets.stat().st_mode) == 0o700
    assert len(os.fsencode(servers.postgres.sockets / ".s.PGSQL.5432.lock")) <= 107


def test_text_sorts_and_folds_the_same_on_every_machine(servers: Servers) -> None:
    with as_role(servers, "DATABASE_URL") as connection:
        row = connection.execute(
            "SELECT datlocprovider, datlocale, pg_encoding_to_char(encoding), upper('ñandú')"
            " FROM pg_database WHERE datname = current_database()"
        ).fetchone()
    assert row == ("b", "C.UTF-8", "UTF8", "ÑANDÚ")


def test_the_log_keeps_no_text_of_a_failed_statement(servers: Servers) -> None:
    with as_role(servers, "DATABASE_OWNER_URL") as owner:
        owner.execute("CREATE TABLE once (word text PRIMARY KEY)")
        owner.execute("INSERT INTO once VALUES ('my-secret-word')")
        with pytest.raises(psycopg.errors.UniqueViolation):
            owner.execute("INSERT INTO once VALUES ('my-secret-word')")
    log = servers.postgres.log.read_text()
    assert "duplicate key" in log
    assert "my-secret-word" not in log
