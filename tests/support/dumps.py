"""The whole test database as text: what a thief of a backup would read."""

import os
import subprocess

from django.db import connection

from config.stack.binaries import installed_binaries
from tests.support.database import owner_settings


def dumped() -> str:
    """Return a full dump of this test's database, made by the owner, whom no policy binds."""
    known = owner_settings(connection.settings_dict["NAME"])
    command = [str(installed_binaries().postgres / "bin" / "pg_dump"), f"--host={known['HOST']}"]
    command += [f"--username={known['USER']}", *([f"--port={known['PORT']}"] if known["PORT"] else []), known["NAME"]]
    secret = {"PGPASSWORD": known["PASSWORD"]} if known["PASSWORD"] else {}
    done = subprocess.run(command, env={**os.environ, **secret}, capture_output=True, check=True, text=True)
    return done.stdout
