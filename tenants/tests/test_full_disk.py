"""A disk that fills up while a backup is written: it ends with the error, whatever rows are on their way."""

import os
from collections.abc import Iterable
from errno import ENOSPC
from io import BytesIO
from pathlib import Path

import pytest

from tenants.backups import catalogue
from tenants.backups.container import Writer
from tenants.backups.errors import BackupError
from tenants.backups.files import whole_or_nothing
from tenants.backups.manifest import Part
from tenants.backups.snapshot import snapshot, write_rows


class FullDisk(Writer):
    """Takes one piece, then has no room."""

    def add(self, name: str, pieces: Iterable[bytes], *, columns: tuple[str, ...] = ()) -> Part:
        """Take one."""
        next(iter(pieces))
        raise OSError(ENOSPC, "No space left on device")


@pytest.mark.timeout(60, method="thread")
@pytest.mark.django_db
def test_a_disk_that_fills_up_ends_the_backup() -> None:
    with pytest.raises(OSError, match="No space left"), snapshot() as shot:
        table = next(table for table in shot.tables() if table.name == "django_migrations")
        write_rows(FullDisk(BytesIO(), compress=True, encrypt=True), shot, table, catalogue.TRUE)


def test_a_file_for_whose_last_piece_there_is_no_room_is_told_in_words(tmp_path: Path) -> None:
    path = tmp_path / "one.backup"
    with pytest.raises(BackupError, match="cannot be written"), whole_or_nothing(path) as file:
        full = os.open("/dev/full", os.O_WRONLY)
        os.dup2(full, file.fileno())
        os.close(full)
        file.write(b"a piece")
    assert list(tmp_path.iterdir()) == []
