"""Connections of one's own to the database: for streams that Django's would not keep open, and as its owner."""

from typing import Any, Final

import psycopg
from django.conf import settings
from django.db import connections
from django.utils.translation import gettext as _
from psycopg.conninfo import conninfo_to_dict

from tenants.backups.errors import BackupError
from tenants.scope import OPERATIONS

Connection = psycopg.Connection[tuple[Any, ...]]
OF_DJANGO: Final = frozenset(
    {"pool", "server_side_binding", "prepare_threshold", "application_name", "isolation_level"}
)
MAINTENANCE: Final = "postgres"


def address(alias: str = OPERATIONS) -> dict[str, Any]:
    """Return what libpq needs to connect as one of Django's connections does."""
    known = connections[alias].settings_dict
    named = {"dbname": "NAME", "user": "USER", "password": "PASSWORD", "host": "HOST", "port": "PORT"}
    options = {key: value for key, value in known.get("OPTIONS", {}).items() if key not in OF_DJANGO}
    return {**options, **{key: str(known[name]) for key, name in named.items() if known.get(name)}}


def owner_address(database: str = "") -> dict[str, Any]:
    """Return how the owner connects, to the installation's own database or another; BackupError where it is unknown."""
    if not settings.DATABASE_OWNER_URL:
        raise BackupError(_("Restoring needs the owner's role: set DATABASE_OWNER_URL."))
    known = {key: value for key, value in conninfo_to_dict(settings.DATABASE_OWNER_URL).items() if value is not None}
    return {**known, "dbname": database or address()["dbname"]}


def connect(known: dict[str, Any], *, autocommit: bool = True) -> Connection:
    """Connect; BackupError says why not."""
    try:
        return psycopg.connect(**{**known, "application_name": "charla-backup"}, autocommit=autocommit)
    except psycopg.OperationalError as error:
        reason = str(error).strip().splitlines()[-1]
        raise BackupError(_("The database does not answer: %(reason)s") % {"reason": reason}) from error
