"""Servers of the operator's own, given by DATABASE_URL and REDIS_URL: are they there, and are they fit?"""

import secrets
from collections.abc import Mapping
from urllib.parse import quote, urlencode

import psycopg
import redis
from psycopg.conninfo import conninfo_to_dict

from config.stack.errors import StackError
from config.stack.folder import DataFolder
from config.stack.roles import (
    APP,
    ATTRIBUTES,
    OPERATIONS,
    OWNER,
    make_database,
    make_roles,
    prepare_database,
    read_role,
)
from config.stack.urls import DATABASE, DatabaseUrls
from config.stack.words import gettext

VARIABLES = {"DATABASE_URL": APP, "DATABASE_OPERATIONS_URL": OPERATIONS, "DATABASE_OWNER_URL": OWNER}
NEEDED_VERSION = 18
MAINTENANCE_DATABASES = ("postgres", "template1", "")
KEPT_PASSWORDS = "database-roles.json"


def given_database(environment: Mapping[str, str], folder: DataFolder) -> DatabaseUrls | None:
    """Return the URLs of the operator's database, checked and with its roles; None when none is given."""
    given = {name: environment[name] for name in VARIABLES if environment.get(name)}
    if not given:
        return None
    if "DATABASE_URL" not in given:
        raise StackError(
            gettext("{name} is set without DATABASE_URL: set that too, or neither.").format(name=next(iter(given)))
        )
    if len(given) == 1:
        return _with_own_roles(given["DATABASE_URL"], folder)
    if missing := [name for name in VARIABLES if name not in given]:
        raise StackError(
            gettext("{name} is missing: give all three URLs, or a superuser's DATABASE_URL alone.").format(
                name=missing[0]
            )
        )
    for name, url in given.items():
        _check_role(name, url)
    return DatabaseUrls(*(given[name] for name in VARIABLES))


def check_redis(url: str) -> None:
    """Raise StackError when no Redis or Valkey answers at REDIS_URL."""
    try:
        client = redis.Redis.from_url(url, socket_connect_timeout=5, socket_timeout=5)
        client.ping()
        client.close()
    except ValueError:
        raise StackError(gettext("REDIS_URL is not a URL of Redis: it looks like redis://host:6379/0.")) from None
    except redis.AuthenticationError:
        raise StackError(gettext("The server at REDIS_URL refuses the password: correct it in REDIS_URL.")) from None
    except redis.RedisError as error:
        raise StackError(
            gettext("REDIS_URL cannot be used ({error}): start that server or correct REDIS_URL.").format(error=error)
        ) from None


def connect(name: str, url: str) -> psycopg.Connection:
    """Connect to the server that a variable names; StackError says what is wrong with it."""
    if not url.startswith(("postgresql://", "postgres://")):
        raise StackError(
            gettext(
                "{name} is not a URL of PostgreSQL: it looks like postgresql://user:password@host:5432/charla."
            ).format(name=name)
        )
    try:
        connection = psycopg.connect(url, connect_timeout=5, autocommit=True)
    except psycopg.ProgrammingError as error:
        raise StackError(
            gettext("{name} is not a URL of PostgreSQL ({reason}): correct it.").format(
                name=name, reason=str(error).strip()
            )
        ) from None
    except psycopg.OperationalError as error:
        raise StackError(
            _refusal(name, str(error).strip().splitlines()[0].removeprefix("connection failed: "))
        ) from None
    if connection.info.server_version < NEEDED_VERSION * 10_000:
        found = connection.info.server_version // 10_000
        connection.close()
        raise StackError(
            gettext(
                "{name} leads to PostgreSQL {found}, and Charla needs {needed_version}: upgrade that server."
            ).format(name=name, found=found, needed_version=NEEDED_VERSION)
        )
    return connection


def with_database(url: str, database: str) -> str:
    """Return the URL with another database's name."""
    return _url({**_parts(url), "dbname": database})


def _refusal(name: str, reason: str) -> str:
    if "password" in reason:
        return gettext("The server at {name} refuses the password ({reason}): correct it in {name}.").format(
            name=name, reason=reason
        )
    if "does not exist" in reason:
        return gettext("The server at {name} lacks what it names ({reason}): create it or correct {name}.").format(
            name=name, reason=reason
        )
    return gettext("No PostgreSQL answers at {name} ({reason}): start that server or correct {name}.").format(
        name=name, reason=reason
    )


def _check_role(name: str, url: str) -> None:
    with connect(name, url) as connection:
        role = read_role(connection, connection.info.user)
        has_vector = connection.execute("SELECT FROM pg_extension WHERE extname = 'vector'").fetchone() is not None
    if role is None:
        raise StackError(gettext("The role of {name} vanished while it was checked: start again.").format(name=name))
    if name == "DATABASE_URL" and (role.superuser or role.bypasses_policies):
        raise StackError(
            gettext(
                "The role of DATABASE_URL is a superuser or has BYPASSRLS, so no policy would bind it: give it a"
                " role with NOSUPERUSER NOBYPASSRLS."
            )
        )
    if name != "DATABASE_URL" and not (role.superuser or role.bypasses_policies):
        raise StackError(
            gettext("The role of {name} lacks BYPASSRLS: let a superuser run ALTER ROLE … BYPASSRLS.").format(name=name)
        )
    if not has_vector:
        raise StackError(
            gettext("The database of {name} lacks pgvector: let a superuser run CREATE EXTENSION vector in it.").format(
                name=name
            )
        )


def _with_own_roles(url: str, folder: DataFolder) -> DatabaseUrls:
    """Make roles and database with a superuser's URL; their passwords are kept in the data folder."""
    parts = _parts(url)
    database = parts.get("dbname", "")
    database = DATABASE if database in MAINTENANCE_DATABASES else database
    with connect("DATABASE_URL", with_database(url, "postgres")) as connection:
        role = read_role(connection, connection.info.user)
        if role is None or not role.superuser:
            raise StackError(
                gettext(
                    "The role {user} of DATABASE_URL is no superuser, so Charla's roles cannot be made: set"
                    " DATABASE_OPERATIONS_URL and DATABASE_OWNER_URL too, or give a superuser's URL."
                ).format(user=connection.info.user)
            )
        passwords = _passwords(connection, folder)
        make_roles(connection, passwords)
        make_database(connection, database)
    with connect("DATABASE_URL", with_database(url, database)) as connection:
        try:
            prepare_database(connection)
        except psycopg.errors.FeatureNotSupported:
            raise StackError(gettext("The server at DATABASE_URL lacks pgvector: install it there.")) from None
    made = {
        variable: _url({**parts, "dbname": database, "user": role, "password": (passwords or {}).get(role, "")})
        for variable, role in VARIABLES.items()
    }
    for variable, role_url in made.items():
        connect(f"DATABASE_URL (as {VARIABLES[variable]})", role_url).close()
    return DatabaseUrls(*made.values())


def _passwords(connection: psycopg.Connection, folder: DataFolder) -> dict[str, str] | None:
    """Return the roles' passwords: those kept, or new ones; None when the roles are another installation's."""
    kept: dict[str, str] = folder.read_json(KEPT_PASSWORDS)
    if kept:
        return kept
    if any(read_role(connection, name) for name in ATTRIBUTES):
        return None  # a new password would lock the other installation out; perhaps the server asks for none
    made = {name: secrets.token_urlsafe(24) for name in ATTRIBUTES}
    folder.write_json(KEPT_PASSWORDS, made)
    return made


def _parts(url: str) -> dict[str, str]:
    try:
        return {key: str(value) for key, value in conninfo_to_dict(url).items() if value is not None}
    except psycopg.ProgrammingError:
        connect("DATABASE_URL", url).close()  # says what is wrong
        raise


def _url(parts: dict[str, str]) -> str:
    known = ("user", "password", "host", "port", "dbname")
    rest = {key: value for key, value in parts.items() if key not in known}
    host = parts.get("host", "")
    if host.startswith("/"):
        rest, host = {"host": host, **rest}, ""
    login = quote(parts.get("user", ""), safe="") + (
        f":{quote(parts['password'], safe='')}" if parts.get("password") else ""
    )
    place = f"{f'[{host}]' if ':' in host else host}" + (f":{parts['port']}" if parts.get("port") else "")
    query = f"?{urlencode(rest, safe='/')}" if rest else ""
    return f"postgresql://{login}{'@' if login else ''}{place}/{quote(parts.get('dbname', ''), safe='')}{query}"
