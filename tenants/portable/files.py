"""Where an export is written: a file that only its owner reads, and that has its name once it is whole."""

import gzip
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Final

PARTIAL: Final = ".partial"
GZIP_LEVEL: Final = 3  # four times as fast as the highest, for a tenth more bytes
BUFFER_BYTES: Final = 1_048_576
STANDARD_OUTPUT: Final = Path("-")


@contextmanager
def new_file(path: Path, *, compress: bool) -> Iterator[IO[bytes]]:
    """Open a file for writing; it takes the place of one of its name when the block ends, and never when it breaks.

    `-` is standard output.
    """
    if path == STANDARD_OUTPUT:
        with _packed(sys.stdout.buffer, compress=compress) as stream:
            yield stream
        sys.stdout.buffer.flush()
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(path.name + PARTIAL)
    try:
        descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with open(descriptor, "wb", buffering=BUFFER_BYTES) as file:  # noqa: PTH123 - a descriptor, for its mode
            with _packed(file, compress=compress) as stream:
                yield stream
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


@contextmanager
def _packed(file: IO[bytes], *, compress: bool) -> Iterator[IO[bytes]]:
    if not compress:
        yield file
        return
    with gzip.GzipFile(filename="", fileobj=file, mode="wb", compresslevel=GZIP_LEVEL, mtime=0) as packed:
        yield packed  # type: ignore[misc]
