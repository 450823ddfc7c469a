"""Files of Django's storage in a backup: read one after the other, written back under checked names.

A file stands as its name, then pieces with their lengths, then a piece of length 0: it may grow while it is read.
"""

import hashlib
import json
import os
import struct
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path, PurePosixPath
from typing import Final

from django.core.files.base import File
from django.core.files.storage import Storage, default_storage
from django.utils.translation import gettext as _

from tenants.backups.errors import DamagedError
from tenants.registry import Registry

PART: Final = "media"
PIECE: Final = 128 * 1024
LENGTH: Final = struct.Struct(">I")
LONGEST_NAME: Final = 4_000
Told = Callable[[str], None]

# Which files of a folder the database knows: `None` from who does not own the folder. What nobody knows any more
# (a person was erased since) does not come back.
FolderOwner = Callable[[str], set[str] | None]
folder_owners: Registry[FolderOwner] = Registry("owner of a folder of files")
# Newer in the storage than in any backup: what is there stays (receipts of erasures, checkpoints of the audit log).
newest_stays: Registry[str] = Registry("folder whose files are never put back to an older state")


def names_in(storage: Storage, folder: str = "") -> Iterator[str]:
    """Yield the name of every file below a folder, folder by folder, in order."""
    try:
        folders, files = storage.listdir(folder)
    except FileNotFoundError:
        return
    for name in sorted(files):
        yield f"{folder}/{name}" if folder else name
    for name in sorted(folders):
        yield from names_in(storage, f"{folder}/{name}" if folder else name)


def newer(names: Iterable[str], than: datetime) -> Iterator[str]:
    """Yield the files that were written after a time, or an hour before it: clocks differ."""
    for name in names:
        try:
            if default_storage.get_modified_time(name) > than - timedelta(hours=1):
                yield name
        except FileNotFoundError:
            continue


def written(names: Iterable[str], told: Told) -> Iterator[bytes]:
    """Yield the files as they stand in a backup; one that is gone when its turn comes is left out."""
    for name in names:
        try:
            file = default_storage.open(name)
        except FileNotFoundError:
            continue
        with file:
            head = json.dumps({"name": name}).encode()
            yield LENGTH.pack(len(head)) + head
            for piece in file.chunks(PIECE):
                if piece:
                    yield LENGTH.pack(len(piece)) + piece
            yield LENGTH.pack(0)
        told(name)


class _Pieces:
    """Reads exact lengths out of pieces of any size."""

    def __init__(self, pieces: Iterable[bytes]) -> None:
        self._pieces, self._waiting = iter(pieces), bytearray()

    def take(self, length: int) -> bytes:
        """Return so many bytes; DamagedError where they end before."""
        while len(self._waiting) < length:
            piece = next(self._pieces, None)
            if piece is None:
                raise DamagedError(_("The backup's files end in the middle."))
            self._waiting += piece
        found = bytes(self._waiting[:length])
        del self._waiting[:length]
        return found

    def at_end(self) -> bool:
        """Tell whether nothing is left."""
        while not self._waiting:
            piece = next(self._pieces, None)
            if piece is None:
                return True
            self._waiting += piece
        return False


def put_back(pieces: Iterable[bytes], told: Told, *, only_below: str = "") -> int:
    """Write files back that are missing or are not what the backup has; return how many.

    `only_below`: a folder beside which nothing is written.
    """
    source, count, keeper = _Pieces(pieces), 0, _Keeper()
    while not source.at_end():
        (length,) = LENGTH.unpack(source.take(LENGTH.size))
        if length > LONGEST_NAME:
            raise DamagedError(_("The backup's files cannot be read."))
        name = checked(str(json.loads(source.take(length))["name"]))
        content = _content(source)
        if (not only_below or name.startswith(f"{only_below}/")) and keeper.wants(name):
            count += _put(name, content)
        else:
            for _piece in content:
                pass
        told(name)
    return count


def _content(source: _Pieces) -> Iterator[bytes]:
    while True:
        (length,) = LENGTH.unpack(source.take(LENGTH.size))
        if length == 0:
            return
        if length > PIECE:
            raise DamagedError(_("The backup's files cannot be read."))
        yield source.take(length)


def checked(name: str) -> str:
    """Return a name that stays within the storage; DamagedError for every other."""
    path = PurePosixPath(name)
    if not name or path.is_absolute() or ".." in path.parts or str(path) != name or "\\" in name or "\x00" in name:
        raise DamagedError(_("The backup has a file with the name “%(name)s”: it is not used.") % {"name": name})
    return name


class _Keeper:
    """Knows which files may come back; asks once a folder."""

    def __init__(self) -> None:
        self._folder = ""
        self._known: set[str] | None = None

    def wants(self, name: str) -> bool:
        """Tell whether a file is to be written if it is missing."""
        if name.partition("/")[0] in newest_stays and default_storage.exists(name):
            return False
        folder = str(PurePosixPath(name).parent)
        if folder != self._folder:
            answers = [owner(folder) for _name, owner in folder_owners.items()]
            owned = [answer for answer in answers if answer is not None]
            self._folder, self._known = folder, set().union(*owned) if owned else None
        return self._known is None or name in self._known


def _put(name: str, content: Iterable[bytes]) -> int:
    """Write one file whole or not at all, where it differs from what is there; return 1 when it was written."""
    try:
        final = Path(default_storage.path(name))
    except NotImplementedError:  # not on a disk: the storage itself writes whole objects
        return _put_elsewhere(name, content)
    final.parent.mkdir(parents=True, exist_ok=True)
    partial = final.with_name(f"{final.name}.restoring")
    digest = hashlib.sha256()
    try:
        with partial.open("wb") as file:
            for piece in content:
                digest.update(piece)
                file.write(piece)
            file.flush()
            os.fsync(file.fileno())
        if final.exists() and _digest(final) == digest.digest():
            return 0
        partial.rename(final)
    finally:
        with suppress(FileNotFoundError):
            partial.unlink()
    return 1


def _digest(path: Path) -> bytes:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").digest()


def _put_elsewhere(name: str, content: Iterable[bytes]) -> int:
    with tempfile.TemporaryFile() as file:
        for piece in content:
            file.write(piece)
        file.seek(0)
        if default_storage.exists(name):
            default_storage.delete(name)
        default_storage.save(name, File(file))
    return 1
