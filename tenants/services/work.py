"""Work rows: claim, renew, finish, fail (architecture.md, "Work that must not be lost"; decision 6).

Times come from the database's clock alone. Every function opens its own short transaction unless it says otherwise.
"""

import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from uuid import UUID

from django.db import IntegrityError, connection, transaction

from tenants.registry import Registry
from tenants.request_ids import current_request_id
from tenants.scope import scope
from tenants.services.waking import wake_sweeper
from tenants.signals import work_died, work_failed

LEASE = "interval '4 seconds'"
SWEEPERS_SLEEP = 2.0  # whatever comes due later is seen by itself
MAX_ATTEMPTS = 5
MAX_LOST_LEASES = 20
COLUMNS = "id, kind, tenant_id, ref_id, conversation, attempts, lost_leases, lease_token"


class LeaseLostError(RuntimeError):
    """Another process took the row over; what this one did must be rolled back."""


@dataclass(frozen=True)
class Lease:
    """A work row as its holder sees it."""

    item_id: int
    kind: str
    tenant_id: UUID
    ref_id: str
    conversation: int | None
    attempts: int
    lost_leases: int
    token: UUID


@dataclass(frozen=True)
class WorkKind:
    """How a kind of work is rung for, worked off without a broker, and given up.

    `died` runs in the transaction that gives the row up, inside the tenant's scope. `queues` are those of the broker in
    which its rings wait: while they are empty, a row that waits has lost its ring. `again` runs in the transaction that
    gives a dead row another chance, in the tenant's scope: it takes back what `died` had marked.
    """

    ring: Callable[[str], None]
    run: Callable[[str], None]
    died: Callable[[Lease, str], None]
    queues: tuple[str, ...] = ("bulk",)
    again: Callable[[str], None] = lambda ref_id: None


WORK_KINDS: Registry[WorkKind] = Registry("kind of work")


def enqueue(
    *, kind: str, dedupe_key: str, tenant_id: UUID, ref_id: str, conversation: int | None = None, delay: float = 0
) -> None:
    """Insert a row in the caller's transaction; one that is there already (by its key) stays as it is."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO tenants_workitem (kind, dedupe_key, tenant_id, ref_id, conversation, state, run_after,"
            " attempts, lost_leases, last_error, request_id)"
            " VALUES (%s, %s, %s, %s, %s, 'ready', now() + %s * interval '1 second', 0, 0, '', %s)"
            " ON CONFLICT (dedupe_key) DO NOTHING",
            [kind, dedupe_key, tenant_id, ref_id, conversation, delay, current_request_id()],
        )
    if 0 < delay < SWEEPERS_SLEEP:
        wake_sweeper()


def claim(dedupe_key: str) -> Lease | None:
    """Take the row when it is ready, or its holder's lease ran out; None when there is nothing to take.

    Nothing is also what a turn gets while another turn of its conversation is held; where two ask at the same moment,
    the partial unique index decides. In a tenant's scope only that tenant's rows are there: the table has no policy.
    """
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(
                "UPDATE tenants_workitem SET state = 'leased', lease_token = gen_random_uuid(),"
                f" lease_until = now() + {LEASE}, lost_leases = lost_leases + (state = 'leased')::int"
                " WHERE dedupe_key = %s AND tenant_id = coalesce(%s::uuid, tenant_id)"
                " AND (state = 'ready' AND run_after <= now()"
                " OR state = 'leased' AND lease_until < now()) AND NOT EXISTS ("
                " SELECT FROM tenants_workitem AS held WHERE held.conversation = tenants_workitem.conversation"
                " AND held.kind = 'turn' AND held.state = 'leased' AND held.id <> tenants_workitem.id)"
                f" RETURNING {COLUMNS}",
                [dedupe_key, _tenant_in_scope()],
            )
            row = cursor.fetchone()
    except IntegrityError:
        return None
    return Lease(*row) if row else None


def renew(tokens: Iterable[UUID]) -> set[UUID]:
    """Prolong leases by one statement; return those that are still held."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE tenants_workitem SET lease_until = now() + {LEASE}"
            " WHERE lease_token = ANY(%s) AND state = 'leased' RETURNING lease_token",
            [list(tokens)],
        )
        return {token for (token,) in cursor.fetchall()}


def finish(lease: Lease) -> None:
    """Close the row in the caller's transaction, which also holds the work's effect.

    Raises LeaseLostError when the row was overtaken, so that the transaction rolls back.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE tenants_workitem SET state = 'done', finished_at = now(), lease_token = NULL, lease_until = NULL"
            " WHERE id = %s AND lease_token = %s AND state = 'leased'",
            [lease.item_id, lease.token],
        )
        if cursor.rowcount == 0:
            raise LeaseLostError(f"{lease.kind} {lease.ref_id} was taken over.")


def close_unheld(dedupe_key: str) -> None:
    """Close a row that nobody needs to work on, in the caller's transaction; one that is held stays.

    One whose holder died is not held any more: left as it is, nobody would ever claim it, and it would keep the other
    turns of its conversation from being claimed. In a tenant's scope only that tenant's rows are there, as for claim().
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE tenants_workitem SET state = 'done', finished_at = now(), lease_token = NULL, lease_until = NULL"
            " WHERE dedupe_key = %s AND (state = 'ready' OR state = 'leased' AND lease_until < now())"
            " AND tenant_id = coalesce(%s::uuid, tenant_id)",
            [dedupe_key, _tenant_in_scope()],
        )


def _tenant_in_scope() -> UUID | None:
    current = scope()
    return current if isinstance(current, UUID) else None


def put_off(lease: Lease, seconds: float, reason: str = "") -> None:
    """Give the row back in the caller's transaction, to be taken again after so many seconds; counts no failure.

    For work whose own schedule is longer than that of fail(). Raises LeaseLostError when the row was overtaken.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE tenants_workitem SET state = 'ready', lost_leases = 0, last_error = %s, lease_token = NULL,"
            " lease_until = NULL, rung_at = now(), run_after = now() + %s * interval '1 second'"
            " WHERE id = %s AND lease_token = %s AND state = 'leased'",
            [reason[:2000], seconds, lease.item_id, lease.token],
        )
        if cursor.rowcount == 0:
            raise LeaseLostError(f"{lease.kind} {lease.ref_id} was taken over.")


def fail(lease: Lease, error: str, *, retry_after: float | None = None) -> None:
    """Record a failure: the row waits 1, 2, 4, 8 s and is tried again; the fifth one gives it up.

    `retry_after`: the seconds that whoever failed asks for, a minute at most. Called where an exception is handled, it
    tells who listens to work_failed of it.
    """
    if (exception := sys.exception()) is not None:
        work_failed.send(sender=WorkKind, item=lease, error=exception)
    if lease.attempts + 1 >= MAX_ATTEMPTS:
        give_up(lease, error)
        return
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "UPDATE tenants_workitem SET state = 'ready', attempts = attempts + 1, last_error = %s, lease_token = NULL,"
            " lease_until = NULL, rung_at = now(), run_after = now() + interval '1 second' *"
            " coalesce(least(%s::float8, 60), power(2, attempts)) WHERE id = %s AND lease_token = %s",
            [error[:2000], retry_after, lease.item_id, lease.token],
        )
        wake_sweeper()


def give_up(lease: Lease, error: str) -> None:
    """Mark the row dead, let its kind make up for it in the same transaction, and tell who listens to work_died."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(
                "UPDATE tenants_workitem SET state = 'dead', attempts = attempts + 1, last_error = %s,"
                " finished_at = now(), lease_token = NULL, lease_until = NULL WHERE id = %s AND lease_token = %s",
                [error[:2000], lease.item_id, lease.token],
            )
            if cursor.rowcount == 0:
                raise LeaseLostError(f"{lease.kind} {lease.ref_id} was taken over.")
        WORK_KINDS[lease.kind].died(lease, error)
    work_died.send(sender=WorkKind, item=lease, error=error)


def next_turn(conversation: int) -> str | None:
    """Return the message id of the conversation's oldest turn that waits, or None."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT ref_id FROM tenants_workitem WHERE conversation = %s AND state = 'ready' AND kind = 'turn'"
            " ORDER BY id LIMIT 1",
            [conversation],
        )
        row = cursor.fetchone()
    return row[0] if row else None
