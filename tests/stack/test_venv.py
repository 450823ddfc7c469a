"""bin/venv.py: the environment is made, kept fresh, and left alone while somebody uses it."""

import fcntl
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A checkout with empty requirement files."""
    return made_in(tmp_path)


@pytest.fixture(scope="module")
def ready(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Such a checkout with its environment, to be copied: making one takes as long as many tests."""
    made = made_in(tmp_path_factory.mktemp("ready"))
    assert run(made, "requirements.txt").returncode == 0
    return made


@pytest.fixture
def in_use(ready: Path, tmp_path: Path) -> Path:
    """A checkout with its environment."""
    subprocess.run(["cp", "-a", f"{ready}/.", str(tmp_path)], check=True)
    return tmp_path


def made_in(folder: Path) -> Path:
    """Make a checkout in an empty folder."""
    (folder / "bin").mkdir()
    for name in ("venv.py", "python.sh", "run"):
        shutil.copy(ROOT / "bin" / name, folder / "bin" / name)
    for name in ("requirements.txt", "requirements-dev.txt"):
        (folder / name).touch()
    return folder


def run(
    checkout: Path, *files: str, program: str = "import sys; print(sys.prefix)"
) -> subprocess.CompletedProcess[str]:
    """Let bin/venv.py run a line of Python."""
    command = [sys.executable, str(checkout / "bin" / "venv.py"), *files, "--", "-c", program]
    return subprocess.run(command, check=False, capture_output=True, text=True, timeout=120)


def test_a_missing_environment_is_made_and_a_fresh_one_left_alone(checkout: Path) -> None:
    first, second = run(checkout, "requirements.txt"), run(checkout, "requirements.txt")
    assert first.stdout.strip() == second.stdout.strip() == str(checkout / ".venv")
    assert "installing the packages" in first.stderr
    assert second.stderr == ""


def test_changed_requirements_are_installed(in_use: Path) -> None:
    (in_use / "requirements.txt").write_text("# another version\n")
    assert "installing the packages" in run(in_use, "requirements.txt").stderr


def test_a_broken_environment_is_made_anew(in_use: Path) -> None:
    (in_use / ".venv" / "bin" / "python").unlink()
    assert run(in_use, "requirements.txt").stdout.strip() == str(in_use / ".venv")


def test_packages_are_not_replaced_under_a_running_program(in_use: Path) -> None:
    (in_use / "requirements.txt").write_text("# another version\n")
    with (in_use / ".venv.users").open() as used:
        fcntl.flock(used, fcntl.LOCK_SH)
        refused = run(in_use, "requirements.txt")
    assert refused.returncode == 1
    assert refused.stderr == (
        "charla: .venv needs other packages but a running bin/run or bin/test uses it: stop that first.\n"
    )


def test_the_suites_packages_come_on_top_of_a_running_program(in_use: Path) -> None:
    with (in_use / ".venv.users").open() as used:
        fcntl.flock(used, fcntl.LOCK_SH)
        added = run(in_use, "requirements.txt", "requirements-dev.txt")
    assert added.returncode == 0, added.stderr


def test_a_program_holds_the_environment_as_long_as_it_runs(in_use: Path) -> None:
    look = (
        f"import fcntl; users = open({str(in_use / '.venv.users')!r}, 'r+')\n"
        "try: fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB); print('free')\n"
        "except BlockingIOError: print('held')"
    )
    assert run(in_use, "requirements.txt", program=look).stdout == "held\n"


@pytest.mark.parametrize("version", [None, "3.9"])
def test_a_missing_or_old_python_is_said(checkout: Path, version: str | None) -> None:
    tools = checkout / "tools"
    tools.mkdir()
    for name in ("bash", "dirname"):
        (tools / name).symlink_to(str(shutil.which(name)))
    if version:
        (tools / "python3").write_text("#!/bin/bash\nexit 1\n")
        (tools / "python3").chmod(0o755)
    said = subprocess.run(
        [str(tools / "bash"), str(checkout / "bin" / "run")],
        env={"PATH": str(tools), "HOME": os.environ.get("HOME", "/")},
        check=False,
        capture_output=True,
        text=True,
    )
    assert said.returncode == 1
    assert said.stderr.startswith("charla: Python 3.11 or newer is needed and was not found: install it")
