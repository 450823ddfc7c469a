"""Where the servers' data goes when root starts them."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from config.stack import home as home_module
from config.stack.account import server_account
from config.stack.binaries import installed_binaries
from config.stack.children import end_children
from config.stack.errors import StackError
from config.stack.folder import DataFolder
from config.stack.home import find_home, outside_home
from config.stack.servers import POSTGRES_STOP, postgres_at, start_postgres

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root starts servers as another user")


@pytest.fixture
def open_place(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder that every user can enter; a part of it stands for /var/lib/charla."""
    made = Path(tempfile.mkdtemp(prefix="charla-home-"))
    made.chmod(0o711)
    monkeypatch.setattr(home_module, "SYSTEM_HOME", made / "system")
    yield made
    shutil.rmtree(made)


@pytest.fixture
def closed(open_place: Path) -> DataFolder:
    """A data folder below one that only root can enter, as in /root."""
    above = open_place / "closed"
    above.mkdir(mode=0o700)
    folder = DataFolder(above / "data")
    folder.open()
    return folder


def test_the_servers_live_in_a_data_folder_that_their_user_reaches(open_place: Path) -> None:
    folder = DataFolder(open_place / "data")
    folder.open()
    assert find_home(folder).path == folder.root


def test_in_a_closed_folder_they_live_in_the_systems_place(closed: DataFolder, open_place: Path) -> None:
    found = find_home(closed)
    assert found.path.parent == open_place / "system"
    assert found.account.uid != 0
    assert found.account.reaches(found.path)


def test_the_place_outside_is_held_by_one_start(closed: DataFolder) -> None:
    first = find_home(closed)
    with pytest.raises(StackError, match="runs already"):
        find_home(closed)
    assert first.lock is not None
    first.lock.close()
    assert find_home(closed).path == first.path


def test_a_moved_folder_keeps_its_data(closed: DataFolder, open_place: Path) -> None:
    place = outside_home(closed)
    moved = closed.root.rename(open_place / "moved")
    assert find_home(DataFolder(moved)).path == place


def test_a_new_folder_of_the_same_name_begins_anew(closed: DataFolder) -> None:
    place = outside_home(closed)
    shutil.rmtree(closed.root)
    closed.open()
    assert outside_home(closed) != place


def test_data_that_its_user_cannot_reach_any_more_is_not_passed_over(closed: DataFolder) -> None:
    server_account(closed.root).own(closed.root / "postgres")
    with pytest.raises(StackError, match="cannot reach that folder"):
        find_home(closed)


def test_a_copy_of_the_programs_works(closed: DataFolder, open_place: Path) -> None:
    found = find_home(closed)
    copy = installed_binaries().copied_to(open_place / "programs")
    server = postgres_at(home_module.Home(found.path, found.account, copy, found.sockets), closed.logs, throwaway=True)
    child = start_postgres(server)
    end_children([(child, *POSTGRES_STOP)])
    assert (server.data / "PG_VERSION").exists()
