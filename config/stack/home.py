"""Where the servers' data is, under which user they run, with which programs (decision 35)."""

import os
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from config.stack.account import Account, server_account
from config.stack.binaries import Binaries, installed_binaries
from config.stack.errors import StackError
from config.stack.folder import DataFolder, socket_folder, write_private
from config.stack.words import gettext

SYSTEM_HOME = Path("/var/lib/charla")


@dataclass(frozen=True)
class Home:
    """The servers' place; `lock` holds it for this process when it is outside the data folder."""

    path: Path
    account: Account
    binaries: Binaries
    sockets: Path
    lock: IO[str] | None = None


def find_home(folder: DataFolder) -> Home:
    """Choose the home: the data folder, or, for root, a place that an ordinary user reaches.

    StackError when there is data in the folder that its user cannot reach any more.
    """
    if os.geteuid() != 0:
        return _home(folder, folder.root, lock=None)
    account = server_account(folder.root / "postgres")
    reaches = account.reaches(folder.root)
    if (folder.root / "postgres").exists() and not reaches:
        raise StackError(
            gettext(
                "The user {name}, whose data is in {root}, cannot reach that folder: open the folders above it,"
                " or move it to a place that every user can enter."
            ).format(name=account.name, root=folder.root)
        )
    if reaches and not folder.home_pointer.exists():
        return _home(folder, folder.root, lock=None)
    outside = outside_home(folder)
    return _home(folder, outside, lock=DataFolder(outside).lock())


def _home(folder: DataFolder, path: Path, *, lock: IO[str] | None) -> Home:
    account, binaries = server_account(path / "postgres"), installed_binaries()
    if os.geteuid() == 0 and not binaries.reached_by(account):
        _open_to_all(SYSTEM_HOME)
        binaries = binaries.copied_to(SYSTEM_HOME / f"programs-{binaries.version}")
    return Home(path, account, binaries, socket_folder(path / "run", account, mark=folder.mark), lock)


def outside_home(folder: DataFolder) -> Path:
    """Return the place outside the folder, chosen once and named in it: a moved folder keeps its data."""
    if not folder.home_pointer.exists():
        write_private(folder.home_pointer, str(SYSTEM_HOME / f"{folder.mark}-{secrets.token_hex(3)}"))
    place = Path(folder.home_pointer.read_text(encoding="utf-8").strip())
    _open_to_all(SYSTEM_HOME)
    _open_to_all(place)
    return place


def _open_to_all(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o711)
