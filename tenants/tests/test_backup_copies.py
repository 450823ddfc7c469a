"""A second copy of each backup elsewhere: made when a backup is whole, fetched by its name, gone with its file."""

import json
import os
import subprocess
import sys
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.files.storage import storages
from django.core.management import CommandError, call_command

from chats.models import ChatModel
from tenants.backup_models import Backup
from tenants.backups import copies, retention, scheduled
from tenants.backups.errors import BackupError
from tenants.models import TenantModel
from tenants.tests.test_restoring import folder, said, say

__all__ = ["folder"]
pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "operations"])


@pytest.fixture
def elsewhere(folder: Path, settings: Any) -> Path:
    """A place for copies: a folder here, a bucket of S3 in earnest."""
    place = folder / "elsewhere"
    place.mkdir()
    backend = {"BACKEND": "django.core.files.storage.FileSystemStorage", "OPTIONS": {"location": str(place)}}
    settings.STORAGES = {**settings.STORAGES, "backups": backend}
    return place


def run(command: str, *arguments: str) -> dict[str, Any]:
    """Run a command with --json; return what it said."""
    out = StringIO()
    call_command(command, *arguments, "--json", "--no-progress", stdout=out)
    told: dict[str, Any] = json.loads(out.getvalue())
    return told


def lose(folder: Path) -> None:
    """Lose the machine's own folder of backups."""
    for path in (folder / "backups").iterdir():
        path.unlink()


def test_a_backup_is_copied_when_it_is_whole(chat: ChatModel, elsewhere: Path) -> None:
    made = run("backup_data", "--type=database")
    (copy,) = elsewhere.iterdir()
    assert (made["copy"], copy.name) == (copy.name, Path(made["path"]).name)
    assert copy.read_bytes() == Path(made["path"]).read_bytes()


def test_a_lost_folder_is_restored_from_the_copies_with_all_that_an_increment_stands_on(
    chat: ChatModel, tenant: TenantModel, elsewhere: Path, folder: Path
) -> None:
    say(chat, "uno")
    run("backup_data", "--type=database")
    say(chat, "dos")
    made = run("backup_data", "--type=database", "--incremental")
    assert made["base"]
    say(chat, "tres")
    lose(folder)
    listed = run("backup_data", "--list")["backups"]
    assert [one["is_elsewhere"] for one in listed] == [True, True]
    run("restore_data", made["copy"])
    assert said(tenant) == ["uno", "dos"]


def test_an_increment_that_is_here_finds_its_full_backup_there(
    chat: ChatModel, tenant: TenantModel, elsewhere: Path, folder: Path
) -> None:
    say(chat, "uno")
    full = run("backup_data", "--type=database")
    say(chat, "dos")
    run("backup_data", "--type=database", "--incremental")
    say(chat, "tres")
    last = run("backup_data", "--type=database", "--incremental")
    Path(full["path"]).unlink()
    run("restore_data", last["path"])
    assert said(tenant) == ["uno", "dos", "tres"]


def test_a_copy_that_was_damaged_there_is_refused(chat: ChatModel, elsewhere: Path, folder: Path) -> None:
    made = run("backup_data", "--type=database")
    lose(folder)
    copy = elsewhere / made["copy"]
    copy.write_bytes(copy.read_bytes()[:-1] + b"x")
    with pytest.raises(CommandError, match="damaged"):
        call_command("restore_data", made["copy"])


def test_a_copy_of_another_size_is_told(chat: ChatModel, elsewhere: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = run("backup_data", "--type=database", f"--output={elsewhere.parent}/one.backup")
    monkeypatch.setattr(type(storages["backups"]), "size", lambda storage, name: 5)
    with pytest.raises(BackupError, match="5 bytes"):
        copies.keep_copy(Path(made["path"]))


def test_a_storage_that_does_not_answer_is_a_sentence(chat: ChatModel, elsewhere: Path, monkeypatch: Any) -> None:
    def refuse(storage: Any, name: str) -> None:
        raise ConnectionError("nobody there")

    monkeypatch.setattr(type(storages["backups"]), "exists", refuse)
    with pytest.raises(CommandError, match=r"does not answer.*nobody there"):
        call_command("backup_data", "--type=database")


def test_a_night_without_the_second_place_still_proves_its_backup(
    chat: ChatModel, elsewhere: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(storage: Any, name: str) -> None:
        raise ConnectionError("nobody there")

    monkeypatch.setattr(type(storages["backups"]), "exists", refuse)
    monkeypatch.setattr(scheduled, "RESTORE", "whole")
    with pytest.raises(BackupError, match="nobody there"):
        scheduled.back_up()
    assert Backup.objects.get().checked_at is not None


def test_copies_that_cannot_be_removed_leave_their_files_for_the_next_night(
    chat: ChatModel, elsewhere: Path, monkeypatch: pytest.MonkeyPatch, folder: Path
) -> None:
    def refuse(storage: Any, name: str) -> None:
        raise ConnectionError("nobody there")

    run("backup_data", "--type=database")
    run("backup_data", "--type=database")
    monkeypatch.setattr(retention, "option", lambda name: -1)
    monkeypatch.setattr(type(storages["backups"]), "delete", refuse)
    with pytest.raises(BackupError):
        retention.remove_old()
    assert len(list(folder.glob("backups/*.backup"))) == 2


def test_a_storage_that_is_not_there_is_told_at_once(chat: ChatModel, folder: Path, settings: Any) -> None:
    settings.STORAGES = {**settings.STORAGES, "backups": {"BACKEND": "no.such.Storage"}}
    with pytest.raises(CommandError, match=r"no\.such"):
        call_command("backup_data", "--type=database")
    assert not list(folder.glob("backups/*"))


def test_a_copy_goes_with_its_file(chat: ChatModel, elsewhere: Path, settings: Any, monkeypatch: Any) -> None:
    first, second = run("backup_data", "--type=database"), run("backup_data", "--type=database")
    monkeypatch.setattr(retention, "option", lambda name: -1)
    assert [path.name for path in retention.remove_old()] == [first["copy"]]
    assert [path.name for path in elsewhere.iterdir()] == [second["copy"]]


def test_the_environment_names_the_bucket() -> None:
    env = {**os.environ, "BACKUP_S3_BUCKET": "ours", "BACKUP_S3_ENDPOINT": "https://s3.example.com"}
    program = "import json; from config.settings import STORAGES; print(json.dumps(STORAGES['backups']))"
    done = subprocess.run([sys.executable, "-c", program], env=env, capture_output=True, check=True, timeout=120)
    told = json.loads(done.stdout)
    assert told["BACKEND"] == "storages.backends.s3.S3Storage"
    named = {key: told["OPTIONS"][key] for key in ("bucket_name", "endpoint_url", "access_key")}
    assert named == {"bucket_name": "ours", "endpoint_url": "https://s3.example.com", "access_key": None}
