"""The inner shape of a backup: parts behind each other, each compressed (zstd), and the manifest at the end."""

import hashlib
import struct
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import IO, Final, Self

import zstandard
from django.utils.translation import gettext as _

from tenants.backups.errors import DamagedError
from tenants.backups.manifest import Manifest, Part
from tenants.backups.sealing import SealedReader, SealedWriter

LEVEL: Final = 3
PIECE: Final = 128 * 1024
LARGEST_MANIFEST: Final = 64 * 1024 * 1024
LENGTH: Final = struct.Struct(">Q")


class Writer:
    """Writes parts into a file; finish() adds the manifest, without which nothing opens."""

    def __init__(self, file: IO[bytes], *, compress: bool, encrypt: bool) -> None:
        self._out = SealedWriter(file, encrypt=encrypt)
        self._level = LEVEL if compress else None
        self.parts: list[Part] = []

    def add(self, name: str, pieces: Iterable[bytes], *, columns: tuple[str, ...] = ()) -> Part:
        """Write a part from pieces (large ones cost least), in constant memory; counts no rows (see counted())."""
        begin, digest, size = self._out.position, hashlib.sha256(), 0
        stream = zstandard.ZstdCompressor(level=self._level).compressobj() if self._level else None
        for piece in pieces:
            digest.update(piece)
            size += len(piece)
            self._out.write(stream.compress(piece) if stream else piece)
        if stream:
            self._out.write(stream.flush())
        length, packed = self._out.position - begin, stream is not None
        part = Part(name, begin, length, size, digest.hexdigest(), columns=columns, packed=packed)
        self.parts.append(part)
        return part

    def counted(self, rows: int) -> Part:
        """Note how many rows the latest part holds."""
        self.parts[-1] = replace(self.parts[-1], rows=rows)
        return self.parts[-1]

    def finish(self, manifest: Manifest) -> Manifest:
        """Write the manifest with all parts, and the last chunk; return it."""
        whole = replace(manifest, parts=tuple(self.parts))
        told = zstandard.ZstdCompressor(level=LEVEL).compress(whole.to_json())
        self._out.write(told + LENGTH.pack(len(told)))
        self._out.close()
        return whole


class Reader:
    """Reads a backup: the manifest at once, then the parts asked for, authenticated and held to their digests."""

    def __init__(self, path: Path) -> None:
        try:
            self._file = path.open("rb")
        except OSError as error:
            raise DamagedError(
                _("The file %(path)s cannot be read: %(reason)s.") % {"path": path, "reason": error.strerror}
            ) from error
        try:
            self._sealed = SealedReader(self._file)
            self.manifest = self._manifest()
        except BaseException:
            self._file.close()
            raise
        self.path = path
        self.is_encrypted = self._sealed.is_encrypted

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._file.close()

    def _manifest(self) -> Manifest:
        end = self._sealed.size - LENGTH.size
        (length,) = LENGTH.unpack(self._sealed.read_at(end, LENGTH.size))
        told = self._sealed.read_at(end - length, length)
        try:
            unpacked = zstandard.ZstdDecompressor().decompress(told, max_output_size=LARGEST_MANIFEST)
            manifest = Manifest.from_json(unpacked)
        except (zstandard.ZstdError, ValueError, TypeError, KeyError) as error:
            raise DamagedError(_("The backup's table of contents cannot be read.")) from error
        self._refuse_gaps(manifest, end - length)
        return manifest

    def _refuse_gaps(self, manifest: Manifest, end: int) -> None:
        """Every byte before the manifest belongs to a part: reading all parts is reading all of the file."""
        begin = 0
        for part in manifest.parts:
            if part.offset != begin or part.length < 0:
                raise DamagedError(_("The backup's table of contents does not fit its content."))
            begin += part.length
        if begin != end:
            raise DamagedError(_("The backup's table of contents does not fit its content."))

    def read(self, part: Part) -> Iterator[bytes]:
        """Yield a part's content; DamagedError at the latest at its end when it is not what the manifest says."""
        digest, size = hashlib.sha256(), 0
        for piece in self._unpacked(part):
            digest.update(piece)
            size += len(piece)
            if size > part.size:
                break
            yield piece
        if size != part.size or digest.hexdigest() != part.sha256:
            raise DamagedError(_("The part “%(name)s” is not as it was written.") % {"name": part.name})

    def text(self, name: str) -> str:
        """Return a small part as text."""
        return b"".join(self.read(self.manifest.part(name))).decode()

    def _unpacked(self, part: Part) -> Iterator[bytes]:
        pieces = self._stored(part)
        if not part.packed:
            yield from pieces
            return
        stream = zstandard.ZstdDecompressor().decompressobj()
        try:
            for piece in pieces:
                yield stream.decompress(piece)
        except zstandard.ZstdError as error:
            raise DamagedError(_("The part “%(name)s” is not as it was written.") % {"name": part.name}) from error

    def _stored(self, part: Part) -> Iterator[bytes]:
        for begin in range(0, part.length, PIECE):
            yield self._sealed.read_at(part.offset + begin, min(PIECE, part.length - begin))


def gathered(pieces: Iterable[bytes | bytearray | memoryview]) -> Iterator[bytes]:
    """Join many small pieces (a row each) into a few: hashing and packing cost by the call."""
    waiting: list[bytes | bytearray | memoryview] = []
    size = 0
    for piece in pieces:
        waiting.append(piece)
        size += len(piece)
        if size >= PIECE:
            yield b"".join(waiting)
            waiting, size = [], 0
    if waiting:
        yield b"".join(waiting)
