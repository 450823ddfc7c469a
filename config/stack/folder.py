"""The data folder: what is where, who has it open, and where its servers' data and sockets can be."""

import errno
import fcntl
import hashlib
import json
import os
import re
import secrets
import shutil
import socket
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from config.stack.account import Account
from config.stack.errors import StackError
from config.stack.words import gettext

# A socket's path may have 107 bytes; the longest of ours is PostgreSQL's.
LONGEST_SOCKET_PATH = 107
LONGEST_SOCKET_NAME = "/.s.PGSQL.5432.lock"
# Nothing that a URL, or libpq's lists of hosts, would read in another way.
PLAIN_PATH = re.compile(r"^[A-Za-z0-9/._-]+$")
NEEDED_MB = 300
NEEDED_AGAIN_MB = 30


@dataclass(frozen=True)
class DataFolder:
    """The folder given by --data-dir (default `.data`)."""

    root: Path

    @property
    def logs(self) -> Path:
        """The processes' logs."""
        return self.root / "logs"

    @property
    def state(self) -> Path:
        """What runs here and how to reach it, for `manage.py`; there while the stack runs."""
        return self.root / "state.json"

    @property
    def home_pointer(self) -> Path:
        """Names the place of the servers' data when that is not in this folder."""
        return self.root / "servers-home"

    @property
    def mark(self) -> str:
        """A short name that is always the same for this folder."""
        return hashlib.sha256(os.fsencode(self.root)).hexdigest()[:12]

    def open(self) -> None:
        """Make the folder ready to be written; StackError when it cannot be, or when the disk is full."""
        try:
            self.root.mkdir(parents=True, exist_ok=True)
            if os.geteuid() == 0:
                self.root.chmod(0o711)  # the servers' user passes through to its own folders
            self._refuse_full_disk()
            self.logs.mkdir(mode=0o700, exist_ok=True)
            with tempfile.TemporaryFile(dir=self.root) as probe:
                probe.write(b"0" * 65536)
        except OSError as error:
            raise self.refusal(error) from error

    def refusal(self, error: OSError) -> StackError:
        """Put an operating system's error about this folder into a sentence."""
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            return StackError(
                gettext("The disk of {root} is full: free some space or choose another --data-dir.").format(
                    root=self.root
                )
            )
        return StackError(
            gettext(
                "The data folder {root} cannot be used ({reason}): make it writable for this user or choose"
                " another --data-dir."
            ).format(root=self.root, reason=error.strerror or error)
        )

    def _refuse_full_disk(self) -> None:
        begun = (self.root / "postgres").exists() or self.home_pointer.exists()
        needed = NEEDED_AGAIN_MB if begun else NEEDED_MB
        free = shutil.disk_usage(self.root).free // 2**20
        if free < needed:
            raise StackError(
                gettext(
                    "The disk of {root} is full ({free} MB free, {needed} MB needed): free some space or choose"
                    " another --data-dir."
                ).format(root=self.root, free=free, needed=needed)
            )

    def lock(self) -> IO[str]:
        """Hold the folder for this process alone until the returned file is closed."""
        handle = (self.root / "run.lock").open("a+", encoding="ascii")
        if not self._locked(handle):
            handle.seek(0)
            pid = handle.read().strip() or "unknown"
            handle.close()
            raise StackError(
                gettext(
                    "Charla runs already with the data folder {root} (process {pid}): stop it, or give another"
                    " --data-dir and --port."
                ).format(root=self.root, pid=pid)
            )
        handle.truncate(0)
        handle.write(str(os.getpid()))
        handle.flush()
        return handle

    def _locked(self, handle: IO[str]) -> bool:
        for _ in range(10):  # a command of manage.py may just be looking whether anybody holds it
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                time.sleep(0.05)
            else:
                return True
        return False

    def secret(self, name: str) -> str:
        """Return a random text of this installation, made at the first call and kept in a file for the owner alone."""
        path = self.root / name
        if not path.exists():
            write_private(path, secrets.token_urlsafe(48))
        kept = path.read_text(encoding="ascii").strip()
        if not kept:
            raise StackError(
                gettext(
                    "The file {path} is empty: put its old content back, or remove it to have a new one made."
                ).format(path=path)
            )
        return kept

    def read_json(self, name: str) -> dict[str, Any]:
        """Return what `write_json` kept under a name; empty when there is nothing."""
        try:
            kept = json.loads((self.root / name).read_text(encoding="utf-8"))
        except FileNotFoundError:
            return {}
        except ValueError as error:
            raise StackError(
                gettext("The file {path} is damaged ({error}): remove it and start again.").format(
                    path=self.root / name, error=error
                )
            ) from error
        return kept if isinstance(kept, dict) else {}

    def write_json(self, name: str, content: dict[str, Any]) -> None:
        """Keep something in a file for the owner alone, wholly or not at all."""
        write_private(self.root / name, json.dumps(content, indent=1))


def write_private(path: Path, text: str) -> None:
    """Write a file that only its owner can read; a reader sees the old or the new content, never a part."""
    partial = path.with_name(f".{path.name}.{os.getpid()}")
    handle = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    partial.rename(path)


def socket_folder(preferred: Path, account: Account, *, mark: str) -> Path:
    """Return a folder for Unix sockets, owned by the account and closed to others.

    The preferred one, unless its path is too long or odd, or its file system has no sockets.
    """
    if len(os.fsencode(preferred)) + len(LONGEST_SOCKET_NAME) <= LONGEST_SOCKET_PATH and PLAIN_PATH.match(
        str(preferred)
    ):
        account.own(preferred)
        if _holds_sockets(preferred):
            return preferred
    home = Path("/run/charla") if os.geteuid() == 0 else Path(tempfile.gettempdir()) / f"charla-{os.geteuid()}"
    home.mkdir(mode=0o711, parents=True, exist_ok=True)
    if home.stat().st_uid != os.geteuid():
        raise StackError(
            gettext(
                "The folder {home} belongs to somebody else: remove it, or set TMPDIR to a folder of yours."
            ).format(home=home)
        )
    account.own(home / mark)
    return home / mark


def _holds_sockets(folder: Path) -> bool:
    path = folder / f".probe-{os.getpid()}"
    try:
        with socket.socket(socket.AF_UNIX) as probe:
            probe.bind(str(path))
    except OSError:
        return False
    finally:
        path.unlink(missing_ok=True)
    return True
