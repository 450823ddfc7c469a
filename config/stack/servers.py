"""PostgreSQL and Valkey of our own: their start, their roles."""

import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import psycopg

from config.stack.children import end_children
from config.stack.errors import StackError
from config.stack.home import Home
from config.stack.postgres import SUPERUSER, Postgres
from config.stack.roles import make_database, make_roles, prepare_database
from config.stack.urls import DATABASE, embedded_urls
from config.stack.valkey import Valkey
from config.stack.words import gettext

Child = subprocess.Popen[bytes]
# What a server needs of the environment: nothing of the caller's settings, languages or libraries.
SERVER_ENV = {"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"}
POSTGRES_STOP = (signal.SIGINT, 20.0)
VALKEY_STOP = (signal.SIGTERM, 5.0)


def postgres_at(home: Home, logs: Path, *, throwaway: bool = False) -> Postgres:
    """Describe the PostgreSQL server of a home."""
    log = logs / "postgres.log"
    return Postgres(home.binaries, home.account, home.path / "postgres", home.sockets, log, throwaway)


def valkey_at(home: Home, logs: Path) -> Valkey:
    """Describe the Valkey server of a home."""
    return Valkey(home.binaries, home.account, home.sockets, logs / "valkey.log")


def start_postgres(postgres: Postgres, pause: Callable[[float], None] = time.sleep) -> Child:
    """Start the server, wait until it answers, and see to roles and database; StackError when it does not come up.

    After a kill the old server's last processes may still be at their end: then it is tried again for some seconds.
    """
    postgres.end_leftover()
    postgres.initialise()
    for _ in range(4):
        size = postgres.log.stat().st_size if postgres.log.exists() else 0
        child = postgres.start(SERVER_ENV)
        try:
            if postgres.wait_ready(child, pause):
                bootstrap(postgres)
                return child
        except BaseException:
            end_children([(child, *POSTGRES_STOP)])
            raise
        end_children([(child, *POSTGRES_STOP)])
        if "pre-existing shared memory" not in postgres.log.read_text(errors="replace")[-4000:]:
            break
    raise StackError(postgres.why_down(since=size))


def start_valkey(valkey: Valkey, pause: Callable[[float], None] = time.sleep) -> Child:
    """Start the server and wait until it answers; StackError when it does not."""
    child = valkey.start(SERVER_ENV)
    try:
        if valkey.wait_ready(child, pause):
            return child
    except BaseException:
        end_children([(child, *VALKEY_STOP)])
        raise
    end_children([(child, *VALKEY_STOP)])
    raise StackError(gettext("Valkey did not start: its reasons are in {log}.").format(log=valkey.log))


def bootstrap(postgres: Postgres) -> None:
    """Make roles, database and extension, also in `template1`, from which test databases are made."""
    with psycopg.connect(postgres.url(SUPERUSER, "postgres"), autocommit=True) as connection:
        make_roles(connection)
        make_database(connection, DATABASE)
        if postgres.throwaway:  # so that the suite can drop a database that some thread is still connected to
            connection.execute("GRANT pg_signal_backend TO charla_owner")
    for database in (DATABASE, "template1"):
        with psycopg.connect(postgres.url(SUPERUSER, database)) as connection:
            prepare_database(connection)


def throwaway_environment(postgres: Postgres, valkey: Valkey, data: Path) -> dict[str, str]:
    """Return the environment of programs that use throw-away servers."""
    return {
        **embedded_urls(postgres).environment(),
        "REDIS_URL": valkey.url,
        "SECRET_KEY": "throw-away-key-for-tests-0123456789-0123456789-0123456789",
        "CHARLA_ENCRYPTION_KEYS": "test:dGhyb3ctYXdheS1lbmNyeXB0aW9uLWtleS1vZi0zMi1ieXRlcw==",
        "CHARLA_DATA_DIR": str(data),
        "CHARLA_ENVIRONMENT": "test",
    }
