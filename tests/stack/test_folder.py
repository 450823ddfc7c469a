"""The data folder: secrets, its lock, where sockets go, what makes it unusable."""

import errno
import shutil
import stat
from pathlib import Path
from types import SimpleNamespace

import pytest

from config.stack.account import server_account
from config.stack.errors import StackError
from config.stack.folder import DataFolder, socket_folder


@pytest.fixture
def folder(tmp_path: Path) -> DataFolder:
    """An open data folder."""
    made = DataFolder(tmp_path / "data")
    made.open()
    return made


def test_a_secret_is_made_once_and_is_for_its_owner_alone(folder: DataFolder) -> None:
    first = folder.secret("secret_key")
    assert folder.secret("secret_key") == first
    assert len(first) >= 50
    assert stat.S_IMODE((folder.root / "secret_key").stat().st_mode) == 0o600


def test_an_empty_secret_is_refused_and_not_replaced(folder: DataFolder) -> None:
    (folder.root / "secret_key").touch()
    with pytest.raises(StackError, match="is empty"):
        folder.secret("secret_key")


def test_two_folders_have_different_secrets(folder: DataFolder, tmp_path: Path) -> None:
    other = DataFolder(tmp_path / "other")
    other.open()
    assert folder.secret("secret_key") != other.secret("secret_key")


def test_a_folder_is_held_by_one_start_alone(folder: DataFolder) -> None:
    with folder.lock(), pytest.raises(StackError, match=r"runs already .* --data-dir"):
        folder.lock()
    folder.lock().close()


def test_a_damaged_file_of_ours_is_named(folder: DataFolder) -> None:
    (folder.root / "state.json").write_text("{")
    with pytest.raises(StackError, match=r"state\.json is damaged"):
        folder.read_json("state.json")


def test_a_full_disk_is_said_before_anything_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda path: SimpleNamespace(free=5 * 2**20))
    with pytest.raises(StackError, match=r"is full \(5 MB free"):
        DataFolder(tmp_path).open()


def test_a_disk_that_fills_up_is_said_too(folder: DataFolder) -> None:
    assert "is full: free some space" in str(folder.refusal(OSError(errno.ENOSPC, "No space left on device")))


def test_a_file_in_the_place_of_the_folder_is_said(tmp_path: Path) -> None:
    (tmp_path / "data").touch()
    with pytest.raises(StackError, match="cannot be used"):
        DataFolder(tmp_path / "data").open()


def test_sockets_stay_in_the_data_folder_when_its_path_is_short(tmp_path: Path) -> None:
    preferred = Path("/tmp") / f"charla-{tmp_path.name}"
    try:
        assert socket_folder(preferred, server_account(tmp_path), mark="m") == preferred
    finally:
        shutil.rmtree(preferred, ignore_errors=True)


@pytest.mark.parametrize("name", ["x" * 90, "with space", "with%percent", "ñ"])
def test_a_long_or_odd_path_gets_another_folder_for_its_sockets(tmp_path: Path, name: str) -> None:
    mark = DataFolder(tmp_path / name).mark
    chosen = socket_folder(tmp_path / name, server_account(tmp_path), mark=mark)
    try:
        assert chosen.name == mark
        assert stat.S_IMODE(chosen.stat().st_mode) == 0o700
    finally:
        shutil.rmtree(chosen)
