"""Which migrations of JSON state there were."""

from collections.abc import Iterator
from typing import Any, Final
from uuid import UUID

from django.db import transaction

from chats.models import JsonStateBatch
from chats.services.json_state.copies import copies_of, remove_copies
from chats.services.retention import conversations_before
from tenants.lifecycle import Cleaning, CleanupKind, CleanupStep, Removed


def batches() -> Iterator[JsonStateBatch]:
    """Yield the current tenant's batches, the latest first."""
    yield from JsonStateBatch.objects.order_by("-created_at", "-pk")


def batch_called(name: str) -> JsonStateBatch | None:
    """Return the batch of an id; None for what is none."""
    try:
        return JsonStateBatch.objects.filter(pk=UUID(name)).first()
    except ValueError:
        return None


def state_of(batch: JsonStateBatch) -> str:
    """Return `done`, `undone`, or `cut off` for one that did not come to its end."""
    return "undone" if batch.undone_at else "done" if batch.finished_at else "cut off"


def as_dict(batch: JsonStateBatch) -> dict[str, Any]:
    """Return a batch as JSON can hold it; `state` as state_of() has it."""
    counts = dict(batch.counts)
    return {
        "batch": str(batch.pk),
        "begun": batch.created_at,
        "state": state_of(batch),
        "proof": counts.pop("proof", None),
        "counts": counts,
        "threads_sha256": batch.threads_sha256,
        "guests_sha256": batch.guests_sha256,
        "copies": copies_of(batch.pk),
    }


def count_old_batches(cleaning: Cleaning) -> int:
    """Return how many batches are older than the conversations that the current tenant keeps."""
    before = conversations_before(cleaning)
    with transaction.atomic():
        return JsonStateBatch.objects.filter(created_at__lt=before).count()


def remove_old_batches(cleaning: Cleaning) -> Iterator[Removed]:
    """Remove them with their copies, full of personal data; what they brought stays, and is undone no more."""
    before = conversations_before(cleaning)
    with transaction.atomic():
        old = list(JsonStateBatch.objects.filter(created_at__lt=before))
    for batch in old:
        remove_copies(batch.pk)
        with transaction.atomic():
            batch.delete()
        yield Removed("chats_jsonstatebatch", 1)


OLD_BATCHES: Final = CleanupStep(CleanupKind.CHATS, count_old_batches, remove_old_batches)
