"""How long backups are kept: by their age, and never the last one that anybody could rely on."""

from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.utils import timezone

from tenants.backup_models import Backup
from tenants.backups.container import Writer
from tenants.backups.files import ENDING
from tenants.backups.manifest import Manifest
from tenants.backups.records import know_files, newest_proved
from tenants.backups.retention import remove_old

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, settings: Any) -> Path:
    """The folder of backups, which are kept for thirty days."""
    backup = {**settings.MANAGEMENT_COMMANDS["backup"], "directory": str(tmp_path), "retention_days": 30}
    settings.MANAGEMENT_COMMANDS = {**settings.MANAGEMENT_COMMANDS, "backup": backup}
    return tmp_path


def backup(folder: Path, *, days: int, proved: bool = False, base: str = "", kind: str = "full") -> str:
    """Lay a backup down that was made so many days ago; return its id."""
    made_at = timezone.now() - timedelta(days=days)
    manifest = Manifest(str(uuid4()), kind, made_at.isoformat(), "1", base=base)
    with (folder / f"{manifest.id}{ENDING}").open("wb") as file:
        Writer(file, compress=True, encrypt=True).finish(manifest)
    know_files()
    if proved:
        Backup.objects.filter(pk=UUID(manifest.id)).update(proved_at=made_at)
    return manifest.id


def left(folder: Path) -> set[str]:
    return {path.stem for path in folder.iterdir()}


def test_what_is_old_goes_and_is_marked(folder: Path) -> None:
    old, new = backup(folder, days=31), backup(folder, days=29)
    remove_old()
    assert left(folder) == {new}
    assert Backup.objects.get(pk=old).removed_at is not None


def test_the_newest_proved_one_stays_however_old(folder: Path) -> None:
    kept = [backup(folder, days=90, proved=True), backup(folder, days=1)]
    backup(folder, days=120, proved=True)
    remove_old()
    assert left(folder) == set(kept)


def test_the_newest_of_each_sort_stays(folder: Path) -> None:
    kept = {backup(folder, days=90), backup(folder, days=80, kind="media")}
    backup(folder, days=91)
    remove_old()
    assert left(folder) == kept


def test_what_an_increment_stands_on_stays(folder: Path) -> None:
    first = backup(folder, days=33)
    second = backup(folder, days=31, base=first)
    third = backup(folder, days=1, base=second)
    remove_old()
    assert left(folder) == {first, second, third}


def test_a_file_that_does_not_open_is_not_removed(folder: Path) -> None:
    (folder / f"strange{ENDING}").write_bytes(b"?" * 1000)
    backup(folder, days=1)
    remove_old(timezone.now() + timedelta(days=365))
    assert "strange" in left(folder)


def test_the_last_proof_is_known(folder: Path) -> None:
    assert newest_proved() is None
    backup(folder, days=3, proved=True)
    assert newest_proved() is not None
