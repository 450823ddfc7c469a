"""Recurring work (decision 10): the sweeper is the clock, work rows are the memory, so a slot runs once or is retried.

Apps register entries in their `work.py`. What an entry runs must be safe to repeat: a process may die after it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

import structlog
from django.db import connection, connections, transaction

from tenants.models import Schedule, TenantModel, User
from tenants.registry import Registry
from tenants.scope import OPERATIONS, all_tenants, current_tenant_id
from tenants.services.leases import keeper
from tenants.services.waking import wake_sweeper
from tenants.services.work import Lease, LeaseLostError, claim, fail, finish, give_up
from tenants.signals import identity_changed

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise as StrPromise

KIND: Final = "schedule"
LONGEST_OUTCOME: Final = 500
logger = structlog.get_logger(__name__)


@dataclass(frozen=True)
class ScheduleEntry:
    """What runs for each active tenant, in its scope and outside any transaction, every so often.

    `offset` moves the slots within the period: a daily entry with three hours runs at 03:00 UTC. One that `sends_out`
    (mails, or has things told) waits after a restore until it is released. What is `of_all` is about the installation:
    it runs in one tenant's slot, across tenants, and its failures are told to the operators.
    """

    label: "StrPromise"
    every: timedelta
    run: Callable[[], Any]
    offset: timedelta = timedelta(0)
    sends_out: bool = False
    of_all: bool = False

    def slot_of(self, now: datetime) -> datetime:
        """Return the beginning of the slot that a time lies in."""
        since = now - datetime(1970, 1, 1, tzinfo=UTC) - self.offset
        return now - since % self.every


class FindingsError(RuntimeError):
    """What ran has found something wrong, and would find the same again at once: it is given up, and told of."""


SCHEDULES: Registry[ScheduleEntry] = Registry("schedule entry")

# One statement decides and plants: whoever moves `next_run` on is the one that inserts the slot's rows. Slots that
# passed while nothing ran are one run, not many. Where a run is held after a restore, that one is enough. No request
# wanted a row: the id by which its log lines and audit entries are found together is its own.
KNOW: Final = """
INSERT INTO tenants_schedule (name, is_enabled, next_run, last_outcome) VALUES (%s, true, %s, '') ON CONFLICT DO NOTHING
"""
PLANT: Final = """
WITH due AS (
    UPDATE tenants_schedule SET next_run = %(next)s
    WHERE name = %(name)s AND is_enabled AND next_run <= %(now)s RETURNING name
)
INSERT INTO tenants_workitem
    (kind, dedupe_key, tenant_id, ref_id, state, run_after, attempts, lost_leases, last_error, request_id)
SELECT 'schedule', key, tenant_id, key, 'ready', now(), 0, 0, '', replace(gen_random_uuid()::text, '-', '')
FROM (SELECT t.id AS tenant_id, %(slot)s || ':' || t.id AS key
      FROM tenants_tenantmodel AS t, due WHERE t.is_active AND NOT EXISTS (
          SELECT FROM tenants_workitem AS w WHERE w.tenant_id = t.id AND w.kind = 'schedule' AND w.state = 'held'
          AND split_part(w.ref_id, ':', 1) = %(name)s)) AS rows
ON CONFLICT (dedupe_key) DO NOTHING
"""
NOTE_FAILURE: Final = "UPDATE tenants_schedule SET last_run = now(), last_outcome = %s WHERE name = %s"
# What failed for one tenant is seen until the next slot or until another try went well, whoever is done meanwhile.
NOTE_SUCCESS: Final = """
UPDATE tenants_schedule SET last_run = now(),
    last_outcome = CASE WHEN %(again)s OR last_run IS NULL OR last_run < planted.created_at THEN ''
        ELSE last_outcome END
FROM (SELECT created_at FROM tenants_workitem WHERE id = %(row)s) AS planted WHERE name = %(name)s
"""
_looked: dict[str, datetime] = {}


def plant_due(now: datetime | None = None) -> int:
    """Insert the work rows of every entry whose time has come; return how many. Called by the sweeper, often.

    Asks the database only when a slot has begun since this process last looked.
    """
    at = now or datetime.now(tz=UTC)
    planted = 0
    for name, entry in SCHEDULES.items():
        slot = entry.slot_of(at)
        if _looked.get(name) == slot:
            continue
        with transaction.atomic(using=OPERATIONS), connections[OPERATIONS].cursor() as cursor:
            cursor.execute(KNOW, [name, slot + entry.every])
            key = f"{name}:{slot:%Y%m%dT%H%M%S}"
            cursor.execute(PLANT, {"name": name, "now": at, "next": slot + entry.every, "slot": key})
            planted += cursor.rowcount
        _looked[name] = slot
    return planted


def run_scheduled(ref_id: str) -> None:
    """Run one tenant's slot of an entry, in the tenant's scope; a failure is tried again by the work row."""
    lease = claim(ref_id)
    if lease is None:
        return
    name = ref_id.split(":")[0]
    try:
        with keeper.hold(lease):
            if name in SCHEDULES:  # one that is gone since has nothing to do
                SCHEDULES[name].run()
        _close(lease, name)
    except LeaseLostError:
        logger.warning("schedule_taken_over", ref=ref_id)
    except FindingsError as error:
        logger.warning("schedule_found_faults", ref=ref_id, findings=str(error))
        _note(name, str(error))
        give_up(lease, str(error))
    except Exception as error:
        logger.exception("schedule_failed", ref=ref_id, attempt=lease.attempts + 1)
        _note(name, f"{type(error).__name__}: {error}")
        fail(lease, f"{type(error).__name__}: {error}")


def once(run: Callable[[], Any]) -> None:
    """Run something across tenants in the slot of one tenant: schedules run for each, and this is about all of them."""
    mine = current_tenant_id()
    with all_tenants():
        if TenantModel.objects.filter(is_active=True).order_by("pk").values_list("pk", flat=True).first() == mine:
            run()


def _close(lease: Lease, name: str) -> None:
    with transaction.atomic():
        finish(lease)
        with connection.cursor() as cursor:
            cursor.execute(NOTE_SUCCESS, {"again": lease.attempts > 0, "row": lease.item_id, "name": name})


def _note(name: str, outcome: str) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(NOTE_FAILURE, [outcome[:LONGEST_OUTCOME], name])


def nothing_makes_up(lease: Lease, error: str) -> None:
    """A slot that was given up is seen in the administration; the next slot comes."""
    logger.error("schedule_given_up", ref=lease.ref_id, error=error)


def know_entries() -> None:
    """Give every entry its row, with the time at which it runs next; what is there stays."""
    now = datetime.now(tz=UTC)
    rows: list[list[Any]] = [[name, entry.slot_of(now) + entry.every] for name, entry in SCHEDULES.items()]
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.executemany(KNOW, rows)


def switch(name: str, *, on: bool, by: User | None) -> bool:
    """Switch an entry on or off and return whether that changed anything; told to `identity_changed`, for the audit.

    What passed while it was off is not made up for: it runs next at its next slot. Work that is planted is done.
    """
    entry = SCHEDULES[name]
    with transaction.atomic():
        upcoming = entry.slot_of(datetime.now(tz=UTC)) + entry.every
        rows = Schedule.objects.filter(pk=name).exclude(is_enabled=on)
        if not rows.update(is_enabled=on, **({"next_run": upcoming} if on else {})):
            return False
        identity_changed.send(
            sender=Schedule,
            action="schedule_switched_on" if on else "schedule_switched_off",
            user=by,
            tenant_id=None,
            object_type="schedule",
            object_id=name,
        )
    return True


# Beside the slots, for each active tenant; the key is as a slot's, so that it is worked off the same way.
NOW: Final = """
INSERT INTO tenants_workitem
    (kind, dedupe_key, tenant_id, ref_id, state, run_after, attempts, lost_leases, last_error, request_id)
SELECT 'schedule', key, tenant_id, key, 'ready', now(), 0, 0, '', replace(gen_random_uuid()::text, '-', '')
FROM (SELECT t.id AS tenant_id, %(slot)s || ':' || t.id AS key FROM tenants_tenantmodel AS t
      WHERE t.is_active AND NOT EXISTS (
          SELECT FROM tenants_workitem AS w WHERE w.tenant_id = t.id AND w.kind = 'schedule' AND w.state = 'held'
          AND split_part(w.ref_id, ':', 1) = %(name)s)) AS rows
ON CONFLICT (dedupe_key) DO NOTHING
"""


def run_now(name: str, *, by: User | None) -> int:
    """Have an entry run now, also while it is off, and return for how many tenants; told as switch() tells.

    A tenant where one of its runs is held after a restore is left out.
    """
    key = f"{name}:now-{datetime.now(tz=UTC):%Y%m%dT%H%M%S}"
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(NOW, {"name": name, "slot": key})
        planted: int = cursor.rowcount
        identity_changed.send(
            sender=Schedule, action="schedule_run_now", user=by, tenant_id=None, object_type="schedule", object_id=name
        )
        wake_sweeper()
    return planted


def forget_slots() -> None:
    """Look at every entry anew: between tests."""
    _looked.clear()
