#!/usr/bin/env python3
"""Keeps .venv as the requirement files say, then runs a program with it. Needs nothing but Python 3.11.

usage: venv.py REQUIREMENTS... -- PROGRAM [ARGUMENT...]

Two locks keep concurrent starts apart: one is held while packages are installed, the other, shared, as long as the
program runs (it goes through exec), so that no package is replaced under a running one.
"""

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"


def stamp(requirements: Path) -> Path:
    """Return the file whose presence says that this version of the requirements is installed."""
    content = requirements.read_bytes() + "{}.{}".format(*sys.version_info[:2]).encode()
    return VENV / f".{requirements.stem}-{hashlib.sha256(content).hexdigest()[:16]}"


def usable() -> bool:
    """Tell whether the environment has a Python that runs and is new enough."""
    if not PYTHON.exists():
        return False
    check = [str(PYTHON), "-c", "import sys; sys.exit(sys.version_info < (3, 11))"]
    return subprocess.run(check, check=False, capture_output=True).returncode == 0


def run(command: list[str], otherwise: str) -> None:
    """Run a step of the installation; end with one sentence when it fails."""
    if subprocess.run(command, check=False, stdout=sys.stderr).returncode != 0:
        sys.exit(f"charla: {otherwise}")


def make(uv: str | None) -> None:
    """Make an empty environment in the place of what is there."""
    if uv:
        run([uv, "venv", "--quiet", "--clear", "--python", sys.executable, str(VENV)], f"{VENV} could not be made.")
        return
    run(
        [sys.executable, "-m", "venv", "--clear", str(VENV)],
        f"{VENV} could not be made: install Python's venv (on Debian: apt-get install python3-venv) or uv.",
    )


def install(missing: list[Path], uv: str | None) -> None:
    """Install the requirement files and mark them as installed."""
    files = [part for path in missing for part in ("-r", str(path))]
    command = [uv, "pip", "install", "--quiet", "--python", str(PYTHON)] if uv else pip()
    run([*command, *files], "the packages could not be installed: see the lines above; is the network there?")
    for path in missing:
        for old in VENV.glob(f".{path.stem}-*"):
            if len(old.name) == len(stamp(path).name):
                old.unlink()
        stamp(path).touch()


def pip() -> list[str]:
    """Return pip's command."""
    return [str(PYTHON), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]


def refresh(wanted: list[Path], users: int) -> None:
    """Bring the environment up to date, unless a running program uses a package that would change."""
    found = usable()
    missing = [path for path in wanted if not found or not stamp(path).exists()]
    if not missing:
        return
    replaces = not found or any(any(VENV.glob(f".{path.stem}-{'?' * 16}")) for path in missing)
    try:
        fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        if replaces:
            sys.exit("charla: .venv needs other packages but a running bin/run or bin/test uses it: stop that first.")
    sys.stderr.write("charla: installing the packages into .venv …\n")
    uv = shutil.which("uv")
    if not found:
        make(uv)
    install(missing, uv)


def main() -> None:
    """Install what is missing and become the program."""
    # Each of its processes would compile thousands of modules again: two seconds of processor time a start.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    split = sys.argv.index("--")
    wanted, program = [ROOT / name for name in sys.argv[1:split]], sys.argv[split + 1 :]
    locks = ROOT / ".venv.lock", ROOT / ".venv.users"
    try:
        install_lock, users = (os.open(path, os.O_RDWR | os.O_CREAT, 0o666) for path in locks)
    except OSError as error:
        if not usable() or not all(stamp(path).exists() for path in wanted):
            sys.exit(f"charla: {ROOT} cannot be written ({error.strerror}): start as the user who owns it.")
        os.execv(PYTHON, [str(PYTHON), *program])  # somebody else's checkout, ready for use
    fcntl.flock(install_lock, fcntl.LOCK_EX)
    refresh(wanted, users)
    fcntl.flock(users, fcntl.LOCK_SH)
    os.set_inheritable(users, True)  # noqa: FBT003 - positional in the standard library
    fcntl.flock(install_lock, fcntl.LOCK_UN)
    os.execv(PYTHON, [str(PYTHON), *program])


if __name__ == "__main__":
    main()
