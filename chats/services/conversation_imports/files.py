"""Opening an export: plain, gzipped, or the one text file in a ZIP. Nothing is ever unpacked to a disk.

What is hostile is refused by what it does, not by what it says of itself: the bytes are counted as they come.
"""

import io
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Final

from django.utils.translation import gettext as _

from agents.services.importing.records import UnreadableFileError
from agents.services.importing.sources import opened

LARGEST: Final = 1 << 30
# Text hardly ever shrinks more than this; what does is made to fill a memory or an afternoon.
LARGEST_RATIO: Final = 200
RATIO_FROM: Final = 8 << 20
MOST_MEMBERS: Final = 100_000
LONGEST_PIECE: Final = 1 << 16
TEXTS: Final = (".txt", ".json", ".jsonl", ".ndjson")


class _Counted(io.RawIOBase):
    """A member of an archive that ends with an error where it grows out of hand."""

    def __init__(self, stream: IO[bytes], packed: int) -> None:
        self._stream, self._packed, self._read = stream, packed, 0

    def readable(self) -> bool:
        """Say that it can be read."""
        return True

    def readinto(self, buffer: bytearray) -> int:  # type: ignore[override]
        """Read some bytes; UnreadableFileError beyond the limits and for a broken archive."""
        try:
            block = self._stream.read(len(buffer))
        except (OSError, EOFError, zlib.error, zipfile.BadZipFile, NotImplementedError) as error:
            raise UnreadableFileError(_("The archive is damaged.")) from error
        self._read += len(block)
        if self._read > LARGEST or (self._read > RATIO_FROM and self._read > LARGEST_RATIO * max(self._packed, 1)):
            raise UnreadableFileError(_("The file is larger than it may be once it is unpacked."))
        buffer[: len(block)] = block
        return len(block)


@contextmanager
def text_of(path: Path) -> Iterator[IO[str]]:
    """Open an export as text; UnreadableFileError when it is none, or hostile."""
    with _bytes_of(path) as raw, io.BufferedReader(raw) as buffered:
        start = buffered.peek(4)[:4]
        encoding = "utf-16" if start[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
        if start.lstrip().startswith(b"<"):
            raise UnreadableFileError(_("XML is not read here: export as JSON."))
        with io.TextIOWrapper(buffered, encoding, errors="replace", newline=None) as stream:
            yield stream


@contextmanager
def _bytes_of(path: Path) -> Iterator[io.RawIOBase]:
    try:
        with path.open("rb") as file:
            is_zip = file.read(4) == b"PK\x03\x04"
        if not is_zip:
            with opened(path) as raw:
                yield raw
            return
        with zipfile.ZipFile(path) as archive:
            member = _member(archive)
            with archive.open(member) as stream:
                yield _Counted(stream, path.stat().st_size)
    except (OSError, zipfile.BadZipFile, NotImplementedError, RuntimeError) as error:  # RuntimeError: it has a password
        raise UnreadableFileError(_("It cannot be read: %(error)s.") % {"error": error}) from error


def _member(archive: zipfile.ZipFile) -> zipfile.ZipInfo:
    """Return the one text in an archive, the largest where there are several; its name is looked at, never used."""
    members = archive.infolist()
    if len(members) > MOST_MEMBERS:
        raise UnreadableFileError(_("The archive has too many files."))
    texts = [member for member in members if member.filename.lower().endswith(TEXTS)]
    if not texts:
        raise UnreadableFileError(_("There is no text or JSON in the archive."))
    return max(texts, key=lambda member: member.file_size)
