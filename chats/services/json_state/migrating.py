"""One migration of JSON state: copies first, then people in batches, then the proof (json-to-postgresql.md)."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from datetime import timedelta
from itertools import islice
from typing import Any, Final, TypeVar
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import transaction
from django.db.models import Count
from django.utils import timezone

from audit.services import AuditService
from chats.models import JsonStateBatch
from chats.services.json_state.copies import copies_of, keep_copy, remove_copies
from chats.services.json_state.people import People, Person
from chats.services.json_state.proving import Proof
from chats.services.json_state.reading import GUESTS, THREADS, BadEntry, StateFile, entries_of
from chats.services.json_state.writing import Outcome, store
from chats.services.retention import conversations_before
from tenants.fields import uuid7
from tenants.lifecycle import Cleaning
from tenants.models import TenantModel
from tenants.scope import current_tenant_id

T = TypeVar("T")
Watch = Callable[[Iterable[Person], int, str], Iterator[Person]]
ORDER: Final = (THREADS, GUESTS)


@dataclass
class Migrated:
    """What came of a migration; `batch` is None where nothing was new, or nothing was to be changed."""

    batch: JsonStateBatch | None
    read: int
    counts: Counter[str]
    bad: list[BadEntry]
    erased: list[str]
    proof: Proof | None = None
    old: int = 0
    copies: list[str] = field(default_factory=list)

    def as_dict(self) -> dict[str, Any]:
        """Return it as JSON can hold it; `erased` are people who asked to be forgotten and are not brought back."""
        return {
            "batch": str(self.batch.pk) if self.batch else None,
            "entries": self.read,
            **self.counts,
            "bad": [asdict(entry) for entry in self.bad],
            "erased": self.erased,
            "beyond_retention": self.old,
            "proof": self.proof.as_dict() if self.proof else None,
            "copies": self.copies,
        }


def migrate(files: Sequence[StateFile], watch: Watch, *, dry_run: bool = False) -> Migrated:
    """Bring files into the current tenant, outside any transaction; NotStateError for one that is no such file.

    Cut off, the same files go on in the same batch. With `dry_run` all is done but nothing is committed.
    """
    people = People(_zone())
    for file in sorted(files, key=lambda file: ORDER.index(file.kind)):
        people.add_all(entries_of(file))
    everybody = list(people.by_id.values())
    batch = JsonStateBatch(pk=uuid7()) if dry_run else _begin(files)
    outcome = Outcome(bad=people.bad)
    for some in _batched(watch(everybody, len(everybody), "migrate"), _people_at_once()):
        with transaction.atomic():
            if dry_run:
                _store_for_show(some, batch, outcome)
            else:
                _add(outcome, store(some, batch.pk))
    done = Migrated(batch, people.read, outcome.counts, outcome.bad, outcome.erased, old=_old(outcome.stored))
    if dry_run:
        done.batch = None
        return done
    done.proof = prove(outcome.stored)
    _end(done)
    return done


def prove(people: Sequence[Person]) -> Proof:
    """Compare what the files say of people with what the database has, read anew."""
    proof = Proof()
    for some in _batched(iter(sorted(people, key=lambda person: person.external_id)), _people_at_once()):
        with transaction.atomic():
            proof.compare(some)
    return proof


def _zone() -> ZoneInfo:
    with transaction.atomic():
        return ZoneInfo(TenantModel.objects.values_list("timezone", flat=True).get(pk=current_tenant_id()))


def _people_at_once() -> int:
    return int(settings.MANAGEMENT_COMMANDS["import"]["batch_size"])


def _batched(items: Iterator[T], size: int) -> Iterator[list[T]]:
    while some := list(islice(items, size)):
        yield some


def _begin(files: Sequence[StateFile]) -> JsonStateBatch:
    """Return the batch of these files that was cut off, else a new one, with the copies of its sources."""
    digests = {"threads_sha256": "", "guests_sha256": ""}
    digests |= {"threads_sha256" if file.kind == THREADS else "guests_sha256": file.sha256 for file in files}
    with transaction.atomic():
        batch = JsonStateBatch.objects.filter(**digests, finished_at=None, undone_at=None).first()
        batch = batch or JsonStateBatch.objects.create(pk=uuid7(), **digests)
    for file in files:
        keep_copy(batch.pk, file)
    return batch


def _store_for_show(people: Sequence[Person], batch: JsonStateBatch, outcome: Outcome) -> None:
    batch.save(force_insert=True)
    _add(outcome, store(people, batch.pk))
    transaction.set_rollback(True)


def _add(outcome: Outcome, some: Outcome) -> None:
    outcome.counts.update(some.counts)
    outcome.bad.extend(some.bad)
    outcome.erased.extend(some.erased)
    outcome.stored.extend(some.stored)


def _old(people: Sequence[Person]) -> int:
    """Return how many people the tenant's retention removes at its next run, unless they write before."""
    before = conversations_before(Cleaning()) + timedelta(days=1)
    return sum(1 for person in people if person.last_activity and person.last_activity < before)


def _counts_of(batch: JsonStateBatch) -> dict[str, int]:
    """Return what the whole batch did, the runs before the last one included, which were cut off."""
    rows = batch.changes.order_by().values_list("table", "was_made").annotate(rows=Count("pk"))
    return {f"{table}s_{'made' if was_made else 'changed'}": count for table, was_made, count in rows}


def _end(done: Migrated) -> None:
    """Close the batch; one that changed nothing leaves nothing behind."""
    batch = done.batch
    if batch is None:
        return
    with transaction.atomic():
        if not batch.changes.exists():
            remove_copies(batch.pk)
            batch.delete()
            done.batch = None
            return
        batch.finished_at = timezone.now()
        told = {**_counts_of(batch), "entries": done.read, "bad": len(done.bad)}
        batch.counts = {**told, "proof": done.proof.kept() if done.proof else None}
        batch.save(update_fields=["finished_at", "counts"])
        AuditService.log_event(
            "json_state_migrated", None, current_tenant_id(), "json_state_batch", str(batch.pk), told
        )
    done.copies = copies_of(batch.pk)
