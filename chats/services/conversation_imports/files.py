"""Opening an export: plain, gzipped, or the one text file in a ZIP. Nothing is ever unpacked to a disk.

What is hostile is refused by what it does, not by what it says of itself: the bytes are counted as they come.
"""

import io
import zipfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO, Final

from django.utils.translation import gettext as _

from agents.services.importing.records import UnreadableFileError
from agents.services.importing.sources import Limited, opened

RATIO_FROM: Final = 8 << 20  # bytes unpacked from which on a bomb is looked for
MOST_MEMBERS: Final = 100_000
LONGEST_PIECE: Final = 1 << 16
TEXTS: Final = (".txt", ".json", ".jsonl", ".ndjson")


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
    with ExitStack() as stack:
        try:
            raw = _opened(path, stack)
        except (OSError, zipfile.BadZipFile, NotImplementedError, RuntimeError) as error:  # RuntimeError: a password
            raise UnreadableFileError(_("It cannot be read: %(error)s.") % {"error": error}) from error
        yield raw


def _opened(path: Path, stack: ExitStack) -> io.RawIOBase:
    with path.open("rb") as file:
        is_zip = file.read(4) == b"PK\x03\x04"
    if not is_zip:
        return stack.enter_context(opened(path))
    archive = stack.enter_context(zipfile.ZipFile(path))
    member = stack.enter_context(archive.open(_member(archive)))
    return Limited(member, path.stat().st_size, ratio_from=RATIO_FROM)


def _member(archive: zipfile.ZipFile) -> zipfile.ZipInfo:
    """Return the one text in an archive, the largest where there are several; its name is looked at, never used."""
    members = archive.infolist()
    if len(members) > MOST_MEMBERS:
        raise UnreadableFileError(_("The archive has too many files."))
    texts = [member for member in members if member.filename.lower().endswith(TEXTS)]
    if not texts:
        raise UnreadableFileError(_("There is no text or JSON in the archive."))
    return max(texts, key=lambda member: member.file_size)
