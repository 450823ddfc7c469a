"""The three roles, their database and what each may do there (decision 1); the caller is a superuser."""

from dataclasses import dataclass

import psycopg
from psycopg import sql

OWNER, APP, OPERATIONS = "charla_owner", "charla_app", "charla_operations"
ATTRIBUTES = {
    OWNER: "LOGIN NOSUPERUSER NOCREATEROLE NOREPLICATION BYPASSRLS CREATEDB",
    APP: "LOGIN NOSUPERUSER NOCREATEROLE NOREPLICATION NOBYPASSRLS NOCREATEDB",
    OPERATIONS: "LOGIN NOSUPERUSER NOCREATEROLE NOREPLICATION BYPASSRLS NOCREATEDB",
}
# So that optimize_database and monitor_performance see what runs, keep statistics and indexes, and end what hangs.
CARE = "GRANT pg_monitor, pg_maintain, pg_signal_backend TO charla_operations"
# Where the server was started with the library (docker-compose.yml); optimize_database tells slow statements by it.
STATEMENTS_ARE_KEPT = "SELECT FROM pg_settings WHERE name = 'pg_stat_statements.max'"
# What the owner makes in `public` is open to both other roles; policies and triggers narrow it down.
GRANTS = (
    "GRANT USAGE ON SCHEMA public TO charla_app, charla_operations",
    "ALTER DEFAULT PRIVILEGES FOR ROLE charla_owner IN SCHEMA public"
    " GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO charla_app, charla_operations",
    "ALTER DEFAULT PRIVILEGES FOR ROLE charla_owner IN SCHEMA public"
    " GRANT USAGE, SELECT ON SEQUENCES TO charla_app, charla_operations",
    "ALTER DEFAULT PRIVILEGES FOR ROLE charla_owner IN SCHEMA public"
    " GRANT EXECUTE ON FUNCTIONS TO charla_app, charla_operations",
)


@dataclass(frozen=True)
class Role:
    """One role as it is on the server."""

    superuser: bool
    bypasses_policies: bool


def make_roles(connection: psycopg.Connection, passwords: dict[str, str] | None = None) -> None:
    """Make the roles that are missing and give each its attributes (and its password, where one is given)."""
    for name, attributes in ATTRIBUTES.items():
        verb = sql.SQL("ALTER" if read_role(connection, name) else "CREATE")
        statement = sql.SQL("{} ROLE {} ").format(verb, sql.Identifier(name)) + sql.SQL(attributes)
        if passwords:
            statement += sql.SQL(" PASSWORD {}").format(sql.Literal(passwords[name]))
        connection.execute(statement)
    connection.execute(CARE)


def make_database(connection: psycopg.Connection, name: str) -> None:
    """Make the owner's database when it is missing; outside a transaction."""
    if connection.execute("SELECT FROM pg_database WHERE datname = %s", [name]).fetchone() is None:
        connection.execute(
            sql.SQL("CREATE DATABASE {} OWNER {}").format(sql.Identifier(name), sql.Identifier(OWNER)),
        )
    database = sql.Identifier(name)
    connection.execute(sql.SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC").format(database))
    connection.execute(
        sql.SQL("GRANT CONNECT, TEMPORARY ON DATABASE {} TO charla_owner, charla_app, charla_operations").format(
            database
        )
    )


def prepare_database(connection: psycopg.Connection) -> None:
    """Give the connected database the extensions, the owner of its schema and the default privileges."""
    connection.execute("CREATE EXTENSION IF NOT EXISTS vector")
    if connection.execute(STATEMENTS_ARE_KEPT).fetchone() is not None:
        connection.execute("CREATE EXTENSION IF NOT EXISTS pg_stat_statements")
    connection.execute("ALTER SCHEMA public OWNER TO charla_owner")
    for statement in GRANTS:
        connection.execute(statement)


def read_role(connection: psycopg.Connection, name: str) -> Role | None:
    """Return a role's attributes; None when there is no such role."""
    row = connection.execute("SELECT rolsuper, rolbypassrls FROM pg_roles WHERE rolname = %s", [name]).fetchone()
    return Role(*row) if row else None
