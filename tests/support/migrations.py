"""An empty database for tests of migrations."""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tests.support.database import default_connection_is, drop_database, make_database, owner_settings


@contextmanager
def scratch_database() -> Iterator[Any]:
    """Make an empty database and yield Django's connection to it as the owner role.

    Inside, it is the default connection of this thread too, so that MigrationExecutor(connection),
    call_command("migrate", …) and the ORM all work on it. It is dropped afterwards.
    """
    name = f"scratch_{uuid.uuid4().hex[:12]}"
    make_database(name)
    try:
        with default_connection_is(owner_settings(name)) as connection:
            yield connection
    finally:
        drop_database(name)
