"""Remembering how each command last did. It must never be the reason why a command fails."""

from typing import Any, Final

import structlog
from django.db import DatabaseError, InterfaceError, connection, transaction
from django.db.transaction import TransactionManagementError
from django.utils.translation import gettext as _

from metrics.models import CommandRun

LONGEST: Final = 500
NOTE: Final = """
INSERT INTO metrics_commandrun AS had (command, finished_at, seconds, error, succeeded_at)
VALUES (%(command)s, now(), %(seconds)s, %(error)s, CASE WHEN %(failed)s THEN NULL ELSE now() END)
ON CONFLICT (command) DO UPDATE SET finished_at = EXCLUDED.finished_at, seconds = EXCLUDED.seconds,
    error = EXCLUDED.error, succeeded_at = coalesce(EXCLUDED.succeeded_at, had.succeeded_at)
"""
logger = structlog.get_logger(__name__)


def note_run(command: str, *, seconds: float, error: BaseException | None) -> None:
    """Remember a command's run. One that failed without ever reaching the database does not wait for it now."""
    if error is not None and connection.connection is None:
        return
    told = _told(error) if error is not None else ""
    values: dict[str, Any] = {"command": command, "seconds": seconds, "error": told, "failed": error is not None}
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(NOTE, values)
    except (DatabaseError, InterfaceError, TransactionManagementError) as unwritten:
        logger.warning("command_run_not_noted", command=command, error=str(unwritten))


def _told(error: BaseException) -> str:
    if isinstance(error, KeyboardInterrupt):
        return _("It was stopped before its end.")
    return f"{type(error).__name__}: {error}"[:LONGEST]


def last_runs() -> list[CommandRun]:
    """Return the last run of each command, the latest first."""
    return list(CommandRun.objects.order_by("-finished_at"))
