"""The work rows of notifications: each sends one thing to one place outside."""

import structlog
from django.db import transaction

from metrics.services import MetricsService
from notifications.services.invitations import mail_invitation
from notifications.services.mailing import send_email
from notifications.services.notifying import KIND
from notifications.services.rooms import send_to_room
from tenants.services.leases import keeper
from tenants.services.work import Lease, LeaseLostError, claim, fail, finish

WAYS = {"email": send_email, "room": send_to_room, "invitation": mail_invitation}
logger = structlog.get_logger(__name__)


def tell_outside(reference: str) -> None:
    """Send what a reference names (`email:<id>`, `room:<id>`, `invitation:<id>.<hash>`).

    A failure is tried again by the work row.
    """
    lease = claim(f"{KIND}:{reference}")
    if lease is None:
        return
    way, _colon, what = reference.partition(":")
    try:
        with keeper.hold(lease):
            WAYS[way](what)
        with transaction.atomic():
            finish(lease)
        _count(way, "done")
    except LeaseLostError:
        logger.warning("notification_taken_over", reference=reference)
    except Exception as error:
        logger.exception("notification_failed", reference=reference, attempt=lease.attempts + 1)
        _count(way, "failed")
        fail(lease, f"{type(error).__name__}: {error}")


def _count(way: str, outcome: str) -> None:
    MetricsService.increment_counter("notification_sends", {"way": way, "outcome": outcome})


def gave_up(lease: Lease, error: str) -> None:
    """The bell has told the person; what did not reach them outside is dead work, seen in the administration."""
    logger.error("notification_given_up", reference=lease.ref_id, error=error)
