"""The ordinary user under whom the servers run when root starts them (PostgreSQL refuses to run as root)."""

import os
import pwd
import subprocess
from dataclasses import dataclass
from pathlib import Path

from config.stack.errors import StackError
from config.stack.words import gettext

# `nobody` is on every Linux; a user of its own is better where there is one.
CANDIDATES = ("charla", "postgres", "nobody")


@dataclass(frozen=True)
class Account:
    """A user and its group by number."""

    name: str
    uid: int
    gid: int

    @property
    def switch(self) -> dict[str, object]:
        """Return what subprocess needs to run as this user; nothing when that is who we are."""
        if os.geteuid() == self.uid:
            return {}
        return {"user": self.uid, "group": self.gid, "extra_groups": []}

    def reaches(self, path: Path) -> bool:
        """Tell whether this user may enter the folder."""
        enter = subprocess.run(
            ["/bin/sh", "-c", 'cd "$1"', "sh", str(path)],
            cwd="/",
            check=False,
            capture_output=True,
            **self.switch,  # type: ignore[call-overload]
        )
        return bool(enter.returncode == 0)

    def own(self, path: Path, *, mode: int = 0o700) -> None:
        """Make the folder if need be, give it to this user and close it to others."""
        path.mkdir(parents=True, exist_ok=True)
        if os.geteuid() == 0:
            os.chown(path, self.uid, self.gid)
        path.chmod(mode)


def server_account(existing: Path) -> Account:
    """Return whom the servers run as: ourselves, or as root the owner of the data or an ordinary user.

    `existing` is the folder of PostgreSQL's data, which may not be there yet.
    """
    if os.geteuid() != 0:
        return _by_uid(os.geteuid())
    if existing.exists() and existing.stat().st_uid != 0:
        return _by_uid(existing.stat().st_uid)
    for name in CANDIDATES:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return Account(entry.pw_name, entry.pw_uid, entry.pw_gid)
    raise StackError(
        gettext("PostgreSQL cannot run as root and there is no ordinary user here: add one with `useradd charla`.")
    )


def _by_uid(uid: int) -> Account:
    try:
        entry = pwd.getpwuid(uid)
    except KeyError:
        raise StackError(
            gettext(
                "The user number {uid} has no entry in /etc/passwd, which PostgreSQL asks for: add one with `useradd`."
            ).format(uid=uid)
        ) from None
    return Account(entry.pw_name, entry.pw_uid, entry.pw_gid)
