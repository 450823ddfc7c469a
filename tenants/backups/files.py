"""Where backups lie and how they are called. What is not whole yet has another name, and goes when nobody writes it."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Final

from django.conf import settings
from django.utils.translation import gettext as _

from tenants.backups.container import Reader
from tenants.backups.errors import BackupError, DamagedError
from tenants.backups.manifest import Manifest

ENDING: Final = ".backup"
PARTIAL: Final = ".partial"


def option(name: str) -> Any:
    """Return one of the settings of MANAGEMENT_COMMANDS["backup"]."""
    return settings.MANAGEMENT_COMMANDS["backup"][name]


def directory() -> Path:
    """Return the folder of backups (BACKUP_DIRECTORY)."""
    return Path(option("directory"))


def place_for(manifest: Manifest, output: str) -> Path:
    """Return where a backup goes: into the folder that was named or is set, or to exactly the file that was named."""
    tenant = f"-{manifest.tenant['name']}" if manifest.tenant else ""
    part = "-increment" if manifest.base else ""
    stamp = manifest.made_at[:19].replace("-", "").replace(":", "")
    name = f"charla-{manifest.kind}{tenant}{part}-{stamp}Z-{manifest.id[:8]}{ENDING}"
    if not output:
        return directory() / name
    named = Path(output)
    return named / name if named.is_dir() or output.endswith(os.sep) else named.absolute()


@contextmanager
def whole_or_nothing(path: Path) -> Iterator[IO[bytes]]:
    """Write a file that has its name when it is whole and on the disk, not before; it is for its owner alone."""
    if path.exists():
        raise BackupError(_("There is a file %(path)s already.") % {"path": path})
    partial = path.with_name(path.name + PARTIAL)
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        handle = os.open(partial, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as error:
        raise BackupError(
            _("%(path)s cannot be written: %(reason)s.") % {"path": partial, "reason": error.strerror}
        ) from error
    with os.fdopen(handle, "w+b", buffering=1024 * 1024) as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        try:
            yield file
            file.flush()
            os.fsync(file.fileno())
            partial.rename(path)
        except OSError as error:
            partial.unlink(missing_ok=True)
            with suppress(OSError):  # closing writes what is left: there is no room for that either
                file.close()
            raise BackupError(
                _("%(path)s cannot be written: %(reason)s.") % {"path": path, "reason": error.strerror}
            ) from error
        except BaseException:
            partial.unlink(missing_ok=True)
            raise
    _remember_names(path.parent)


def _remember_names(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def remove_abandoned() -> int:
    """Remove what killed processes left half written; return how many files. One that is being written stays."""
    removed = 0
    for path in directory().glob(f"*{ENDING}{PARTIAL}"):
        with path.open("rb") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                continue
            path.unlink()
            removed += 1
    return removed


@dataclass(frozen=True)
class Found:
    """A file of the folder; `manifest` is None, and `reason` says why, where it does not open."""

    path: Path
    size: int
    manifest: Manifest | None
    reason: str = ""


def found(folder: Path | None = None) -> list[Found]:
    """Return the backups of a folder (BACKUP_DIRECTORY), the newest first; only their tables of contents are read."""
    seen = []
    for path in (folder or directory()).glob(f"*{ENDING}"):
        try:
            with Reader(path) as reader:
                seen.append(Found(path, path.stat().st_size, reader.manifest))
        except DamagedError as error:
            seen.append(Found(path, path.stat().st_size, None, str(error)))
    return sorted(seen, key=lambda one: (one.manifest.made_at if one.manifest else "", one.path.name), reverse=True)
