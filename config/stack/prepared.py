"""Whether the database is as the last preparation left it, so that a start need not prepare it again."""

import hashlib
import os
from pathlib import Path

import psycopg

from config.stack.discovery import PROJECT
from config.stack.folder import DataFolder

RESULT = "prepared.json"
OUTSIDE = {"tests", "benchmarks", "docs", "deploy"}
# What the preparation made: the migrations that were applied, and somebody who can log in to some tenant.
MADE = """
SELECT (SELECT string_agg(app || '.' || name, ' ' ORDER BY app, name) FROM django_migrations),
    EXISTS (SELECT FROM tenants_user WHERE is_superuser), EXISTS (SELECT FROM tenants_tenantmodel)
"""


def fingerprint(owner_url: str, *, demo: bool) -> str | None:
    """Return a text that changes with the program and with what it made in the database; None when that is missing."""
    try:
        with psycopg.connect(owner_url) as connection:
            made = connection.execute(MADE).fetchone()
    except psycopg.Error:
        return None
    if made is None or not (made[1] and made[2]):
        return None
    digest = hashlib.sha256(f"{owner_url} {demo} {made}".encode())
    for path in program_files(PROJECT):
        digest.update(f"{path.relative_to(PROJECT)} ".encode() + path.read_bytes())
    return digest.hexdigest()


def program_files(project: Path) -> list[Path]:
    """Return the files of which the program consists, in a fixed order."""
    found = [project / "requirements.txt"]
    for folder, below, names in os.walk(project):
        below[:] = [name for name in below if not name.startswith((".", "__")) and name not in OUTSIDE]
        found += [Path(folder, name) for name in names if name.endswith(".py")]
    return sorted(found)


def is_prepared(folder: DataFolder, owner_url: str, *, demo: bool) -> bool:
    """Tell whether the last preparation still holds; never when a first log-in is asked for by the environment."""
    if os.environ.get("CHARLA_ADMIN_EMAIL") or os.environ.get("CHARLA_ADMIN_PASSWORD"):
        return False
    kept = folder.read_json(RESULT).get("fingerprint")
    return kept is not None and kept == fingerprint(owner_url, demo=demo)


def keep_prepared(folder: DataFolder, owner_url: str, *, demo: bool) -> None:
    """Remember the state that the preparation has just left; its password was shown and is news no more."""
    kept = {**folder.read_json(RESULT), "password_holds": False, "fingerprint": fingerprint(owner_url, demo=demo)}
    folder.write_json(RESULT, kept)
