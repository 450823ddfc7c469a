"""Opening a file that may be anything: its format, its compression, its encoding, and how much of it is read."""

import codecs
import gzip
import io
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final

from charset_normalizer import from_bytes
from django.utils.translation import gettext as _

from agents.services.importing.records import UnreadableFileError

FORMATS: Final = {
    ".csv": "csv", ".tsv": "csv", ".tab": "csv", ".json": "json", ".jsonl": "jsonl", ".ndjson": "jsonl", ".xml": "xml",
    ".md": "markdown", ".markdown": "markdown", ".html": "html", ".htm": "html", ".txt": "text",
}  # fmt: skip
LARGEST_FILE: Final = 1 << 30
SAMPLE: Final = 1 << 18
BLOCK: Final = 1 << 16
# Legitimate text hardly ever shrinks more than this; a file that does is made to fill a disk or a memory.
LARGEST_RATIO: Final = 200
RATIO_FROM: Final = 32 << 20
BYTE_ORDER_MARKS: Final = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


@dataclass(frozen=True)
class Source:
    """A file to import: where it is, what it is called for people, how it is read."""

    path: Path
    name: str
    format: str
    encoding: str

    @contextmanager
    def text(self) -> Iterator[io.TextIOWrapper]:
        """Open the file as text; bytes that are none become U+FFFD, which the reader reports at its line."""
        with opened(self.path) as raw, io.TextIOWrapper(
            io.BufferedReader(raw), self.encoding, errors="replace", newline=""
        ) as stream:  # fmt: skip
            yield stream

    @contextmanager
    def binary(self) -> Iterator[IO[bytes]]:
        """Open the file as bytes."""
        with opened(self.path) as raw, io.BufferedReader(raw) as stream:
            yield stream


class Limited(io.RawIOBase):
    """A stream of bytes that ends with an error where it grows out of hand."""

    def __init__(self, stream: IO[bytes] | gzip.GzipFile, compressed: int, *, ratio_from: int = 0) -> None:
        self._stream, self._compressed, self._read = stream, compressed, 0
        self._ratio_from = ratio_from or RATIO_FROM

    def readable(self) -> bool:
        """Say that it can be read."""
        return True

    def readinto(self, buffer: bytearray) -> int:  # type: ignore[override]
        """Read some bytes; raise UnreadableFileError beyond the limits and for a broken archive."""
        try:
            block = self._stream.read(len(buffer))
        except (OSError, EOFError, zlib.error, zipfile.BadZipFile) as error:
            raise UnreadableFileError(_("The compressed file is damaged: %(error)s") % {"error": error}) from error
        self._read += len(block)
        bomb = self._read > self._ratio_from and self._read > LARGEST_RATIO * max(self._compressed, 1)
        if self._read > LARGEST_FILE or bomb:
            raise UnreadableFileError(_("The file is larger than it may be once it is unpacked."))
        buffer[: len(block)] = block
        return len(block)


@contextmanager
def opened(path: Path) -> Iterator[io.RawIOBase]:
    """Open a file as bytes, unpacked when it is gzip, within the limits."""
    with path.open("rb") as file:
        zipped = file.read(2) == b"\x1f\x8b"
        file.seek(0)
        size = path.stat().st_size
        if zipped:
            with gzip.open(file) as unpacked:
                yield Limited(unpacked, size)
        else:
            yield Limited(file, size)


def describe(path: Path, *, name: str = "", format_: str = "", encoding: str = "") -> Source:
    """Find out what a file is; raise UnreadableFileError when it cannot be read or its format is not known."""
    name = name or path.name
    suffixes = [suffix.lower() for suffix in Path(name).suffixes if suffix.lower() != ".gz"]
    with opened(path) as raw:
        sample = _sample(raw)
    format_ = format_ or FORMATS.get(suffixes[-1] if suffixes else "", "") or _sniffed(sample)
    if not format_:
        raise UnreadableFileError(_("Its format is not known; name it with --format."))
    return Source(path, name, format_, _known_encoding(encoding) or _encoding(path, sample))


def known(path: Path) -> bool:
    """Whether a file's name tells a format that can be imported."""
    suffixes = [suffix.lower() for suffix in path.suffixes if suffix.lower() != ".gz"]
    return bool(suffixes) and suffixes[-1] in FORMATS


def _known_encoding(name: str) -> str:
    """Return an encoding's own name; UnreadableFileError for one that there is not, or by which no text is read."""
    try:
        b"a".decode(name or "utf-8", "replace")
        return codecs.lookup(name).name if name else ""
    except (LookupError, UnicodeError) as error:
        raise UnreadableFileError(_("There is no encoding “%(name)s”.") % {"name": name}) from error


def _sample(raw: io.RawIOBase) -> bytes:
    sample = b""
    while len(sample) < SAMPLE and (block := raw.read(BLOCK)):
        sample += block
    return sample


def _sniffed(sample: bytes) -> str:
    start = sample.removeprefix(codecs.BOM_UTF8).lstrip()[:1]
    return {b"{": "json", b"[": "json", b"<": "xml"}.get(start, "")


def _encoding(path: Path, sample: bytes) -> str:
    """Return the encoding: by its mark, else UTF-8 unless most of what is not ASCII is broken in it, else a guess."""
    for mark, encoding in BYTE_ORDER_MARKS:
        if sample.startswith(mark):
            return encoding
    if _is_utf8(path):
        return "utf-8"
    text = sample.decode("utf-8", "replace")
    broken = text.count("\ufffd")
    if sum(letter > "\x7f" for letter in text) - broken >= broken:
        return "utf-8"
    guess = from_bytes(sample).best()
    return guess.encoding if guess else "cp1252"


def _is_utf8(path: Path) -> bool:
    decoder = codecs.getincrementaldecoder("utf-8")()
    with opened(path) as raw:
        try:
            while block := raw.read(BLOCK):
                decoder.decode(block)
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            return False
    return True
