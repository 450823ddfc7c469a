"""A PostgreSQL server that nobody will miss, beside the real one: for proving that a backup can be restored."""

import shutil
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
from psycopg import sql

from config.stack.children import end_children
from config.stack.folder import DataFolder
from config.stack.home import find_home
from config.stack.postgres import SUPERUSER
from config.stack.roles import OWNER
from config.stack.servers import POSTGRES_STOP, postgres_at, start_postgres


@contextmanager
def scratch_server(roles: Iterable[str] = ()) -> Iterator[str]:
    """Start a server in a temporary folder; yield its owner's URL, and leave nothing behind.

    `roles` are names that its databases speak of, where they are not Charla's own.
    """
    folder = DataFolder(Path(tempfile.mkdtemp(prefix="charla-scratch-")))
    homes, started = [folder.root], []
    try:
        folder.open()
        home = find_home(folder)
        homes.append(home.path)
        postgres = postgres_at(home, folder.logs, throwaway=True)
        started.append((start_postgres(postgres), *POSTGRES_STOP))
        with psycopg.connect(postgres.url(SUPERUSER, "postgres"), autocommit=True) as connection:
            known = {name for (name,) in connection.execute("SELECT rolname FROM pg_roles").fetchall()}
            for role in set(roles) - known:
                connection.execute(sql.SQL("CREATE ROLE {} NOLOGIN").format(sql.Identifier(role)))
        yield postgres.url(OWNER, "postgres")
    finally:
        end_children(started)
        for used in homes:
            shutil.rmtree(used, ignore_errors=True)
