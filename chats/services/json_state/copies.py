"""The copies of the sources that each batch keeps, beside the files of messages: where they lie, whom they speak of."""

import json
from collections.abc import Collection
from typing import Any, Final
from uuid import UUID

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage

from chats.services.json_state.reading import GUESTS, THREADS, StateFile
from tenants.scope import current_tenant_id

FOLDER: Final = "json_state"


class CopyDamagedError(RuntimeError):
    """A copy does not hold what was written into it."""


def path_of(batch: UUID, kind: str) -> str:
    """Return where a batch's copy of a source lies in the storage."""
    return f"{FOLDER}/{current_tenant_id()}/{batch}/{kind}"


def keep_copy(batch: UUID, file: StateFile) -> str:
    """Write a source into the storage and read it back; return its path. CopyDamagedError when that differs."""
    path = path_of(batch, file.kind)
    _write(path, file.data)
    with default_storage.open(path) as stored:
        if stored.read() != file.data:
            raise CopyDamagedError(path)
    return path


def copies_of(batch: UUID) -> list[str]:
    """Return the paths of the copies that there are."""
    return [path for path in (path_of(batch, kind) for kind in (THREADS, GUESTS)) if default_storage.exists(path)]


def remove_copies(batch: UUID) -> None:
    """Remove a batch's copies."""
    for path in copies_of(batch):
        default_storage.delete(path)


def forget_in_copies(batch: UUID, keys: Collection[str]) -> int:
    """Take people's entries out of a batch's copies; return how many copies changed.

    A copy that is no JSON as a whole cannot be searched by its entries: it goes.
    """
    changed = 0
    for path in copies_of(batch):
        with default_storage.open(path) as stored:
            data = stored.read()
        try:
            told: Any = json.loads(data.decode("utf-8-sig"))
        except (ValueError, RecursionError):
            told = None
        if not isinstance(told, dict):
            default_storage.delete(path)
        elif any(key in told for key in keys):
            kept = {key: value for key, value in told.items() if key not in keys}
            _write(path, json.dumps(kept, ensure_ascii=False, indent=2).encode(errors="surrogatepass"))
        else:
            continue
        changed += 1
    return changed


def _write(path: str, data: bytes) -> None:
    if default_storage.exists(path):
        default_storage.delete(path)
    default_storage.save(path, ContentFile(data))
