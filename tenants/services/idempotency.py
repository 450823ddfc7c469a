"""Answers kept for an Idempotency-Key (api.md): the same key and request give the first answer again.

The answer is stored in the transaction of the effect, so there is one exactly when the effect is there, whatever dies
when. Two at the same moment are told apart by an advisory lock that ends with the transaction: nothing stays "in
progress" after a crash. Answers that are errors have no effect and are not kept: the request may be sent again.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import timedelta
from typing import Final
from uuid import uuid4

from django.db import connection
from django.db.models.functions import Now
from django.utils.crypto import salted_hmac

from tenants.encryption import seal, unseal
from tenants.models import IdempotencyRecord
from tenants.scope import current_tenant_id, in_tenant

KEPT: Final = timedelta(hours=24)
KEPT_SQL: Final = "interval '24 hours'"
BATCH: Final = 1_000
REMOVE: Final = f"""
DELETE FROM tenants_idempotencyrecord WHERE tenant_id = %s AND id IN (
    SELECT id FROM tenants_idempotencyrecord WHERE tenant_id = %s AND created_at < now() - {KEPT_SQL}
    ORDER BY created_at LIMIT {BATCH})
"""


class InProgressError(Exception):
    """The same key is being worked on right now."""


class MismatchError(Exception):
    """The key came before with another request."""


@dataclass(frozen=True)
class Wanted:
    """A request that named a key: whose (`kind:id`), which key, and the keyed hash of what was asked for."""

    caller: str
    key: str
    request_hash: str

    @property
    def key_hash(self) -> str:
        """Return what is stored of the key: callers put all sorts of things into it."""
        return keyed_hash(self.key)


@dataclass(frozen=True)
class Answer:
    """What was answered."""

    status: int
    body: str
    headers: Mapping[str, str] = field(default_factory=dict)


def keyed_hash(text: str) -> str:
    """Return a SHA-256 that nobody can guess at who has the table alone."""
    return salted_hmac("charla.idempotency", text, algorithm="sha256").hexdigest()


def answered_before(wanted: Wanted) -> Answer | None:
    """Return the first answer, or None for a key that is new; the key is then the caller's transaction's alone.

    Raises InProgressError while another transaction has the key, MismatchError when it came with another request.
    """
    with connection.cursor() as cursor:
        name = f"{current_tenant_id()}|{wanted.caller}|{wanted.key_hash}"
        cursor.execute("SELECT pg_try_advisory_xact_lock(hashtextextended(%s, 0))", [name])
        if not cursor.fetchone()[0]:
            raise InProgressError
    # A statement of its own: it sees what was committed before the lock was given up.
    rows = IdempotencyRecord.objects.filter(caller=wanted.caller, key_hash=wanted.key_hash)
    record = rows.filter(created_at__gte=Now() - KEPT).first()
    if record is None:
        return None
    if record.request_hash != wanted.request_hash:
        raise MismatchError
    opened = json.loads(unseal(record.answer, context=_place(record)))
    return Answer(record.status, opened["body"], opened["headers"])


def keep(wanted: Wanted, answer: Answer) -> None:
    """Store the answer in the caller's transaction; one that is too old gives way, one that is not stays."""
    IdempotencyRecord.objects.filter(
        caller=wanted.caller, key_hash=wanted.key_hash, created_at__lt=Now() - KEPT
    ).delete()
    record = IdempotencyRecord(
        id=uuid4(),
        caller=wanted.caller,
        key_hash=wanted.key_hash,
        request_hash=wanted.request_hash,
        status=answer.status,
    )
    told = {name: value for name, value in asdict(answer).items() if name != "status"}
    record.answer = seal(json.dumps(told), context=_place(record))
    IdempotencyRecord.objects.bulk_create([record], ignore_conflicts=True)


def remove_old_answers() -> str:
    """Remove the current tenant's answers that are too old to be given again; return what was done, in words."""
    removed, tenant_id = 0, current_tenant_id()
    while True:
        with in_tenant(tenant_id), connection.cursor() as cursor:
            cursor.execute(REMOVE, [tenant_id, tenant_id])
            removed += cursor.rowcount
            if cursor.rowcount < BATCH:
                return f"{removed} stored answers removed"


def _place(record: IdempotencyRecord) -> str:
    return f"tenants_idempotencyrecord|answer|{record.pk}"
