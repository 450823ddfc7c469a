"""Where files lie: in Django's storage, under names made here, in a folder for each tenant and day.

A file is written before the transaction that knows it, and removed before the one that forgets it. So a crash leaves a
file that nothing knows, never a row that has lost its file; each night the folders of the days before are looked
through (`remove_strays`).
"""

import hashlib
import secrets
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from chats.models import ContentChatModel, MediaContentModel
from tenants.lifecycle import Cleaning, CleanupKind, CleanupStep, Removed
from tenants.scope import current_tenant_id


@dataclass(frozen=True)
class FileToStore:
    """What is to be stored of one file: checked, and drawn anew when it is a picture."""

    media_type: str
    mime_type: str
    name: str
    data: bytes
    thumbnail: bytes = b""
    width: int | None = None
    height: int | None = None


@dataclass(frozen=True)
class StoredFile:
    """A file that lies in the storage, and where."""

    file: FileToStore
    path: str
    thumbnail_path: str

    @property
    def paths(self) -> list[str]:
        """Return the path of all that lies there."""
        return [path for path in (self.path, self.thumbnail_path) if path]


def store_files(files: Sequence[FileToStore]) -> list[StoredFile]:
    """Write files of the current tenant; when one cannot be written, none stays."""
    stored: list[StoredFile] = []
    folder = _folder(timezone.now().date())
    try:
        for file in files:
            path = _write(folder, file.data)
            stored.append(StoredFile(file, path, ""))
            if file.thumbnail:
                stored[-1] = StoredFile(file, path, _write(folder, file.thumbnail))
    except OSError:
        discard(stored)
        raise
    return stored


def discard(stored: Sequence[StoredFile]) -> None:
    """Remove files that no message came to know."""
    for each in stored:
        for path in each.paths:
            default_storage.delete(path)


def _write(folder: str, data: bytes) -> str:
    return str(default_storage.save(f"{folder}/{secrets.token_hex(16)}", ContentFile(data)))


def _folder(day: date) -> str:
    return f"{current_tenant_id()}/{day.isoformat()}"


def add_rows(message: ContentChatModel, stored: Sequence[StoredFile]) -> list[MediaContentModel]:
    """Store what is known of a message's files, in the transaction that stores the message."""
    rows = [
        MediaContentModel(
            chat=message.chat,
            content=message,
            position=position,
            media_type=each.file.media_type,
            media=each.path,
            thumbnail=each.thumbnail_path,
            name=each.file.name,
            mime_type=each.file.mime_type,
            size=len(each.file.data),
            width=each.file.width,
            height=each.file.height,
            sha256=hashlib.sha256(each.file.data).hexdigest(),
        )
        for position, each in enumerate(stored)
    ]
    for row in rows:  # one by one: a bulk does not tell the ids that the database makes
        row.save(force_insert=True)
    return rows


def delete_files(paths: Iterable[str]) -> None:
    """Remove files by their paths, empty ones aside; one that is gone already is no error."""
    for path in paths:
        if path:
            default_storage.delete(path)


def remove_media(rows: "QuerySet[MediaContentModel]") -> int:
    """Remove files and then their rows, in the caller's transaction; return how many rows. Safe to repeat."""
    found = list(rows.values_list("pk", "media", "thumbnail"))
    delete_files(path for _pk, *paths in found for path in paths)
    MediaContentModel.objects.filter(pk__in=[pk for pk, _path, _thumbnail in found]).delete()
    return len(found)


def strays() -> Iterator[str]:
    """Yield the paths of files, of the current tenant's days before today, that no row knows: their process died."""
    today = timezone.now().date().isoformat()
    for day in _days():
        lying = set(_files_in(f"{current_tenant_id()}/{day}")) if day < today else set()
        if lying:
            with transaction.atomic():
                known = list(MediaContentModel.objects.filter(media__in=lying).values_list("media", "thumbnail"))
            yield from sorted(lying.difference(*known))


def count_strays(cleaning: Cleaning) -> int:
    """Return how many such files there are."""
    return sum(1 for _path in strays())


def remove_strays(cleaning: Cleaning) -> Iterator[Removed]:
    """Remove them, however old they are: nothing will ever ask for them."""
    for path in strays():
        size = default_storage.size(path)
        default_storage.delete(path)
        yield Removed("files", 1, size)


STRAYS: Final = CleanupStep(CleanupKind.FILES, count_strays, remove_strays)


def _days() -> list[str]:
    try:
        folders, _names = default_storage.listdir(str(current_tenant_id()))
    except FileNotFoundError:
        return []
    return sorted(folders)


def _files_in(folder: str) -> Iterator[str]:
    try:
        _folders, names = default_storage.listdir(folder)
    except FileNotFoundError:
        return
    yield from (f"{folder}/{name}" for name in names)
