"""DATABASE_URL and REDIS_URL of the operator's own: what is used, and what is refused in which words."""

from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest
from redis import Redis

from config.stack.errors import StackError
from config.stack.external import check_redis, given_database
from config.stack.folder import DataFolder
from config.stack.grant import grant
from config.stack.postgres import SUPERUSER
from config.stack.roles import APP, OPERATIONS, OWNER
from tests.support.servers import Servers

NAMES = ("DATABASE_URL", "DATABASE_OPERATIONS_URL", "DATABASE_OWNER_URL")


@pytest.fixture
def folder(tmp_path: Path) -> DataFolder:
    """An open data folder."""
    made = DataFolder(tmp_path)
    made.open()
    return made


def test_without_urls_nothing_is_given(folder: DataFolder) -> None:
    assert given_database({"DATABASE_URL": ""}, folder) is None


def test_three_fit_urls_are_used_as_they_are(servers: Servers, folder: DataFolder) -> None:
    urls = given_database(servers.environment, folder)
    assert urls is not None
    assert urls.environment() == {name: servers.environment[name] for name in NAMES}


def test_a_superusers_url_makes_the_database_and_uses_the_roles(servers: Servers, folder: DataFolder) -> None:
    urls = given_database({"DATABASE_URL": servers.postgres.url(SUPERUSER, "shop")}, folder)
    assert urls is not None
    with psycopg.connect(urls.owner) as owner:
        owner.execute("CREATE TABLE IF NOT EXISTS thing (place vector(3))")
    with psycopg.connect(urls.app) as app:
        app.execute("INSERT INTO thing VALUES ('[1,2,3]')")
        assert app.execute("SELECT current_user, current_database()").fetchone() == (APP, "shop")


def test_made_roles_have_passwords_that_a_second_start_knows(folder: DataFolder, servers: Servers) -> None:
    with psycopg.connect(servers.postgres.url(SUPERUSER, "postgres"), autocommit=True) as connection:
        for name in (APP, OPERATIONS, OWNER):
            connection.execute(f"ALTER ROLE {name} RENAME TO old_{name}")
        try:
            given = {"DATABASE_URL": servers.postgres.url(SUPERUSER, "fresh")}
            first, second = given_database(given, folder), given_database(given, folder)
        finally:
            connection.execute("DROP DATABASE fresh")
            for name in (APP, OPERATIONS, OWNER):
                connection.execute(f"DROP OWNED BY {name}")
                connection.execute(f"DROP ROLE {name}")
                connection.execute(f"ALTER ROLE old_{name} RENAME TO {name}")
    assert first == second
    assert first is not None
    assert urlsplit(first.app).password


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("mysql://x", "is not a URL of PostgreSQL"),
        ("postgresql://a:b@127.0.0.1:1/x", "No PostgreSQL answers at DATABASE_URL .*refused"),
        ("postgresql://a@/x?host=/nowhere", "No PostgreSQL answers at DATABASE_URL"),
        ("postgresql://a:b@[::1/x", "is not a URL of PostgreSQL"),
    ],
)
def test_a_wrong_database_url_is_one_sentence(folder: DataFolder, url: str, words: str) -> None:
    with pytest.raises(StackError, match=words):
        given_database({"DATABASE_URL": url}, folder)


def test_an_unknown_role_is_one_sentence(servers: Servers, folder: DataFolder) -> None:
    with pytest.raises(StackError, match="does not exist"):
        given_database({"DATABASE_URL": servers.postgres.url("stranger", "charla")}, folder)


def test_one_url_without_a_superuser_asks_for_the_others(servers: Servers, folder: DataFolder) -> None:
    with pytest.raises(StackError, match="is no superuser"):
        given_database({"DATABASE_URL": servers.environment["DATABASE_URL"]}, folder)


@pytest.mark.parametrize("role", [SUPERUSER, OPERATIONS])
def test_an_application_role_that_policies_do_not_bind_is_refused(
    servers: Servers, folder: DataFolder, role: str
) -> None:
    given = {**servers.environment, "DATABASE_URL": servers.postgres.url(role, "charla")}
    with pytest.raises(StackError, match="NOSUPERUSER NOBYPASSRLS"):
        given_database(given, folder)


def test_an_operations_role_without_power_is_refused(servers: Servers, folder: DataFolder) -> None:
    given = {**servers.environment, "DATABASE_OPERATIONS_URL": servers.environment["DATABASE_URL"]}
    with pytest.raises(StackError, match="DATABASE_OPERATIONS_URL lacks BYPASSRLS"):
        given_database(given, folder)


def test_two_urls_of_three_name_the_missing_one(servers: Servers, folder: DataFolder) -> None:
    given = {name: url for name, url in servers.environment.items() if name != "DATABASE_OWNER_URL"}
    with pytest.raises(StackError, match="DATABASE_OWNER_URL is missing"):
        given_database(given, folder)


def test_a_running_valkey_is_asked_and_accepted(servers: Servers) -> None:
    with Redis.from_url(servers.valkey.url) as valkey:
        before = valkey.info("stats")["total_connections_received"]
        check_redis(servers.valkey.url)
        assert valkey.info("stats")["total_connections_received"] > before


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("127.0.0.1:6379", "is not a URL"),
        ("redis://127.0.0.1:1/0", "cannot be used"),
        ("unix:///nowhere", "cannot be used"),
    ],
)
def test_a_wrong_redis_url_is_one_sentence(url: str, words: str) -> None:
    with pytest.raises(StackError, match=words):
        check_redis(url)


def test_the_one_shot_for_containers_makes_roles_and_database(servers: Servers) -> None:
    urls = {name: url.replace("/charla?", "/contained?") for name, url in servers.environment.items() if name in NAMES}
    given = {**urls, "DATABASE_SUPERUSER_URL": servers.postgres.url(SUPERUSER, "postgres")}
    grant(given)
    grant(given)
    with psycopg.connect(urls["DATABASE_OWNER_URL"]) as owner:
        owner.execute("CREATE TABLE thing (place vector(3))")
        assert owner.execute("SELECT current_database()::text, current_user::text").fetchone() == ("contained", OWNER)


def test_after_the_one_shot_a_database_of_the_owners_has_pgvector_as_restore_data_needs_it(servers: Servers) -> None:
    with psycopg.connect(servers.postgres.url(SUPERUSER, "template1")) as template:
        template.execute("DROP EXTENSION vector")
    grant({**servers.environment, "DATABASE_SUPERUSER_URL": servers.postgres.url(SUPERUSER, "postgres")})
    with psycopg.connect(servers.postgres.url(OWNER, "postgres"), autocommit=True) as maintenance:
        maintenance.execute("CREATE DATABASE restored")
    with psycopg.connect(servers.postgres.url(OWNER, "restored")) as owner:
        owner.execute("CREATE TABLE thing (place vector(3))")
        found = owner.execute("SELECT count(*) FROM pg_extension WHERE extname = 'vector'").fetchone()
    assert found == (1,)


def test_the_one_shot_refuses_a_role_of_another_name(servers: Servers) -> None:
    given = {**servers.environment, "DATABASE_SUPERUSER_URL": servers.postgres.url(SUPERUSER, "postgres")}
    with pytest.raises(StackError, match="it has to be charla_app"):
        grant({**given, "DATABASE_URL": servers.postgres.url("somebody", "charla")})
