"""Makes roles and database on a server of the operator's: `python -m config.stack.grant`.

For installations without bin/run (docker-compose.yml): DATABASE_SUPERUSER_URL leads to the server, the three other URLs
name the roles, their passwords and the database. Safe to run again; passwords are set to those given.
"""

import os
import sys
from collections.abc import Mapping

from psycopg.conninfo import conninfo_to_dict

from config.stack.errors import StackError
from config.stack.external import VARIABLES, connect, with_database
from config.stack.roles import make_database, make_roles, prepare_database
from config.stack.words import gettext

SUPERUSER = "DATABASE_SUPERUSER_URL"


def grant(environment: Mapping[str, str]) -> None:
    """Make what is missing; StackError when a URL is missing or names another role."""
    if missing := [name for name in (SUPERUSER, *VARIABLES) if not environment.get(name)]:
        raise StackError(gettext("{name} is not set: set it.").format(name=missing[0]))
    named = {name: conninfo_to_dict(environment[name]) for name in VARIABLES}
    for name, role in VARIABLES.items():
        if named[name].get("user") != role:
            raise StackError(
                gettext("{name} names the role {user}: it has to be {role}.").format(
                    name=name, user=named[name].get("user"), role=role
                )
            )
    passwords = {role: str(named[name].get("password") or "") for name, role in VARIABLES.items()}
    database = str(named["DATABASE_URL"].get("dbname"))
    with connect(SUPERUSER, environment[SUPERUSER]) as connection:
        make_roles(connection, passwords)
        make_database(connection, database)
    for prepared in (database, "template1"):  # restore_data makes a database, and may not bring pgvector there
        with connect(SUPERUSER, with_database(environment[SUPERUSER], prepared)) as connection:
            prepare_database(connection)


if __name__ == "__main__":
    try:
        grant(os.environ)
    except StackError as error:
        sys.exit(str(error))
