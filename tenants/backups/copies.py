"""A second copy of each backup, in another place: any of Django's storages, by its name `backups` in STORAGES.

A file is copied when it is whole, and compared by its size; it is sealed, so whoever keeps the copies reads nothing of
them. On another machine a backup is fetched by its name, with all that it stands on.
"""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import Final

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.files.base import File
from django.core.files.storage import InvalidStorageError, Storage, storages
from django.utils.translation import gettext as _

from tenants.backups.container import Reader
from tenants.backups.errors import BackupError
from tenants.backups.files import ENDING, directory, whole_or_nothing

ALIAS: Final = "backups"
PIECE: Final = 1024 * 1024


def elsewhere() -> Storage | None:
    """Return the storage of the copies; None where none is set. BackupError when it is set and cannot be had."""
    if ALIAS not in settings.STORAGES:
        return None
    try:
        return storages[ALIAS]
    except (InvalidStorageError, ImproperlyConfigured, ImportError) as error:
        raise BackupError(_("The storage of copies cannot be used: %(reason)s.") % {"reason": error}) from error


def keep_copy(path: Path) -> str:
    """Copy a whole backup there; return the name of the copy, empty where no storage is set."""
    storage = elsewhere()
    if storage is None:
        return ""
    with _answers(), path.open("rb") as file:
        name = path.name if storage.exists(path.name) else storage.save(path.name, File(file, path.name))
        size = storage.size(name)
    if size != path.stat().st_size:
        raise BackupError(_("The copy of %(name)s is not whole: %(size)d bytes.") % {"name": name, "size": size})
    return name


def copied_names() -> list[str]:
    """Return the names of the copies, the newest first; none where no storage is set."""
    storage = elsewhere()
    if storage is None:
        return []
    with _answers():
        _folders, names = storage.listdir("")
    return sorted((name for name in names if name.endswith(ENDING)), key=_made, reverse=True)


def _made(name: str) -> str:
    """Return the time in a backup's name (files.place_for): `charla-full-20261121T231732Z-e9a07332.backup`."""
    return name.removesuffix(ENDING).rpartition("-")[0].rpartition("-")[2]


def remove_copies(names: list[str]) -> None:
    """Remove copies; one that is gone already is no matter."""
    storage = elsewhere()
    if storage is None:
        return
    for name in names:
        with _answers():
            storage.delete(name)


def at_hand(path: Path) -> Path:
    """Return a backup's file, fetched where only a copy of that name is known; so is all that it stands on.

    What is not known there either is left out: whoever opens the backup says what is missing.
    """
    if not path.exists():
        if path.name not in copied_names():
            return path
        path = _fetched(path.name, directory())
    earlier = path
    while base := _base_of(earlier):
        ending = f"-{base[:8]}{ENDING}"
        if beside := next(path.parent.glob(f"*{ending}"), None):
            earlier = beside
        elif copied := [name for name in copied_names() if name.endswith(ending)]:
            earlier = _fetched(copied[0], path.parent)
        else:
            break
    return path


def _base_of(path: Path) -> str:
    with Reader(path) as reader:
        return reader.manifest.base


def _fetched(name: str, folder: Path) -> Path:
    target = folder / PurePosixPath(name).name
    storage = elsewhere()
    if storage is not None and not target.exists():
        with whole_or_nothing(target) as file, _answers(), storage.open(name) as copy:
            shutil.copyfileobj(copy, file, PIECE)
    return target


@contextmanager
def _answers() -> Iterator[None]:
    """Say in a sentence that the storage does not answer: each kind raises errors of its own."""
    try:
        yield
    except BackupError:
        raise
    except Exception as error:
        raise BackupError(
            _("The storage of copies does not answer: %(reason)s") % {"reason": f"{type(error).__name__}: {error}"}
        ) from error
