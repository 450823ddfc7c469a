"""Making, swapping and removing whole databases, as their owner.

The swap is two renames in one transaction: a process that dies in the middle leaves the old database or the new one
under the installation's name, never neither.
"""

import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from typing import Any, Final

import psycopg
from django.db import DEFAULT_DB_ALIAS
from django.utils.translation import gettext as _
from psycopg import sql

from tenants.backups.connecting import MAINTENANCE, Connection, address, connect
from tenants.backups.errors import BackupError
from tenants.scope import OPERATIONS

FORMER: Final = "_before_"
FILLED: Final = "_restore_"
LONGEST_NAME: Final = 63
TRIES: Final = 6
PATIENCE: Final = "10s"  # a killed restore's session takes a moment to be gone
# Who made the database from a template may find default privileges in it; the backup brings its own.
FORGET_DEFAULTS: Final = """
DO $$ DECLARE kept record; BEGIN
    FOR kept IN SELECT defaclrole::regrole AS maker, defaclobjtype AS kind, grantee::regrole AS grantee
        FROM pg_default_acl, aclexplode(defaclacl) WHERE defaclnamespace = 'public'::regnamespace
    LOOP
        EXECUTE format('ALTER DEFAULT PRIVILEGES FOR ROLE %s IN SCHEMA public REVOKE ALL ON %s FROM %s', kept.maker,
            CASE kept.kind WHEN 'r' THEN 'TABLES' WHEN 'S' THEN 'SEQUENCES' WHEN 'f' THEN 'FUNCTIONS' ELSE 'TYPES' END,
            kept.grantee);
    END LOOP;
END $$
"""
END_OWN: Final = """
SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
WHERE datname = %s AND usename = current_user AND pid <> pg_backend_pid()
"""


def stamp() -> str:
    """Return the time as it stands in names, to the hundredth of a second: two small restores fit into one second."""
    now = datetime.now(tz=UTC)
    return f"{now:%Y%m%dt%H%M%S}{now.microsecond // 10_000:02}"


def exists(maintenance: Connection, name: str) -> bool:
    """Tell whether there is a database of this name."""
    return maintenance.execute("SELECT FROM pg_database WHERE datname = %s", [name]).fetchone() is not None


def make_empty(owner: dict[str, Any], name: str, *, roles: Iterable[str] | None = None) -> None:
    """Make an empty database for the installation's roles; BackupError when there is one, or it may not be made."""
    with connect({**owner, "dbname": MAINTENANCE}) as maintenance:
        if exists(maintenance, name):
            raise BackupError(_("There is a database “%(name)s” already: name another one.") % {"name": name})
        called = sql.Identifier(name)
        try:
            maintenance.execute(sql.SQL("CREATE DATABASE {}").format(called))
        except psycopg.errors.InsufficientPrivilege as error:
            raise BackupError(
                _("The owner's role may not make databases: let a superuser run ALTER ROLE … CREATEDB.")
            ) from error
    try:
        _open_to_roles(owner, name, _roles() if roles is None else roles)
    except BaseException:
        drop(owner, name)
        raise


def _open_to_roles(owner: dict[str, Any], name: str, roles: Iterable[str]) -> None:
    called = sql.Identifier(name)
    with connect({**owner, "dbname": MAINTENANCE}) as maintenance:
        maintenance.execute(sql.SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC").format(called))
        for role in roles:
            maintenance.execute(
                sql.SQL("GRANT CONNECT, TEMPORARY ON DATABASE {} TO {}").format(called, sql.Identifier(role))
            )
    with connect({**owner, "dbname": name}) as connection:
        _see_to_vector(connection)
        connection.execute(FORGET_DEFAULTS)


def _roles() -> list[str]:
    return sorted({address(alias)["user"] for alias in (DEFAULT_DB_ALIAS, OPERATIONS)})


def _see_to_vector(connection: Connection) -> None:
    if connection.execute("SELECT FROM pg_extension WHERE extname = 'vector'").fetchone() is not None:
        return
    try:
        connection.execute("CREATE EXTENSION vector")
    except psycopg.Error as error:
        raise BackupError(
            _("A new database lacks pgvector: let a superuser run CREATE EXTENSION vector in template1.")
        ) from error


def drop(owner: dict[str, Any], name: str) -> None:
    """Remove a database; what the installation's roles still do there is ended."""
    with connect({**owner, "dbname": MAINTENANCE}) as maintenance:
        for attempt in range(TRIES):
            end_sessions(owner, name)
            try:
                maintenance.execute(sql.SQL("DROP DATABASE IF EXISTS {}").format(sql.Identifier(name)))
            except psycopg.errors.ObjectInUse:
                if attempt == TRIES - 1:
                    raise
            else:
                return


def end_sessions(owner: dict[str, Any], name: str) -> None:
    """End what the installation's three roles do in a database: each role may end its own sessions alone."""
    for known in (owner, address(DEFAULT_DB_ALIAS), address(OPERATIONS)):
        with suppress(psycopg.Error, BackupError), connect({**known, "dbname": MAINTENANCE}) as connection:
            connection.execute(END_OWN, [name])


def swap(owner: dict[str, Any], new: str, current: str) -> str:
    """Put a database in the current one's place, in one transaction; return the name of the former one.

    While the rename waits for the last session to leave, new ones wait for it.
    """
    former = _beginning(current, FORMER) + stamp()
    for attempt in range(TRIES):
        try:
            with connect({**owner, "dbname": MAINTENANCE}, autocommit=False) as maintenance, _sessions_end(owner, [
                current, new,
            ]):  # fmt: skip
                rename = sql.SQL("ALTER DATABASE {} RENAME TO {}")
                maintenance.execute(rename.format(sql.Identifier(current), sql.Identifier(former)))
                maintenance.execute(rename.format(sql.Identifier(new), sql.Identifier(current)))
        except psycopg.errors.ObjectInUse as error:
            if attempt == TRIES - 1:
                raise BackupError(
                    _("Somebody else's session keeps the database %(name)s in use: end it and try again.")
                    % {"name": current}
                ) from error
        else:
            break
    return former


@contextmanager
def _sessions_end(owner: dict[str, Any], names: list[str]) -> Iterator[None]:
    """End sessions again and again: whoever waits in the middle of connecting is there a moment later."""
    done = threading.Event()

    def end() -> None:
        while not done.is_set():
            for name in names:
                end_sessions(owner, name)
            done.wait(0.2)

    for name in names:
        end_sessions(owner, name)
    ending = threading.Thread(target=end, daemon=True)
    ending.start()
    try:
        yield
    finally:
        done.set()
        ending.join()


@contextmanager
def alone(owner: dict[str, Any], current: str) -> Iterator[None]:
    """Let one restore at a time fill a database for the current one's place; what a killed one left is removed first.

    BackupError while another one is under way.
    """
    with connect({**owner, "dbname": MAINTENANCE}) as watch:
        watch.execute("SELECT set_config('lock_timeout', %s, false)", [PATIENCE])
        try:
            watch.execute("SELECT pg_advisory_lock(hashtextextended(%s, 0))", [f"charla restore {current}"])
        except psycopg.errors.LockNotAvailable as error:
            raise BackupError(_("Another restore is under way: wait until it ends.")) from error
        for name in _named(owner, current, FILLED):
            drop(owner, name)
        yield


def formers(owner: dict[str, Any], current: str) -> list[str]:
    """Return the databases that restores put aside, the newest first."""
    return _named(owner, current, FORMER)


def restored_name(current: str) -> str:
    """Return a name for a database that is being filled."""
    return _beginning(current, FILLED) + stamp()


def _named(owner: dict[str, Any], current: str, mark: str) -> list[str]:
    with connect({**owner, "dbname": MAINTENANCE}) as maintenance:
        found = maintenance.execute("SELECT datname FROM pg_database WHERE datname LIKE %s", [f"%{mark}%"]).fetchall()
    return sorted((name for (name,) in found if name.startswith(_beginning(current, mark))), reverse=True)


def _beginning(current: str, mark: str) -> str:
    return current[: LONGEST_NAME - len(mark) - len(stamp())] + mark
