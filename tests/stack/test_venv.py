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
    (tmp_path / "bin").mkdir()
    for name in ("venv.py", "python.sh", "run"):
        shutil.copy(ROOT / "bin" / name, tmp_path / "bin" / name)
    for name in ("requirements.txt", "requirements-dev.txt"):
        (tmp_path / name).touch()
    return tmp_path


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


def test_changed_requirements_are_installed(checkout: Path) -> None:
    run(checkout, "requirements.txt")
    (checkout / "requirements.txt").write_text("# another version\n")
    assert "installing the packages" in run(checkout, "requirements.txt").stderr


def test_a_broken_environment_is_made_anew(checkout: Path) -> None:
    run(checkout, "requirements.txt")
    (checkout / ".venv" / "bin" / "python").unlink()
    assert run(checkout, "requirements.txt").stdout.strip() == str(checkout / ".venv")


def test_packages_are_not_replaced_under_a_running_program(checkout: Path) -> None:
    run(checkout, "requirements.txt")
    (checkout / "requirements.txt").write_text("# another version\n")
    with (checkout / ".venv.users").open() as used:
        fcntl.flock(used, fcntl.LOCK_SH)
        refused = run(checkout, "requirements.txt")
    assert refused.returncode == 1
    assert refused.stderr == (
        "charla: .venv needs other packages but a running bin/run or bin/test uses it: stop that first.\n"
    )


def test_the_suites_packages_come_on_top_of_a_running_program(checkout: Path) -> None:
    run(checkout, "requirements.txt")
    with (checkout / ".venv.users").open() as used:
        fcntl.flock(used, fcntl.LOCK_SH)
        added = run(checkout, "requirements.txt", "requirements-dev.txt")
    assert added.returncode == 0, added.stderr


def test_a_program_holds_the_environment_as_long_as_it_runs(checkout: Path) -> None:
    look = (
        f"import fcntl; users = open({str(checkout / '.venv.users')!r}, 'r+')\n"
        "try: fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB); print('free')\n"
        "except BlockingIOError: print('held')"
    )
    assert run(checkout, "requirements.txt", program=look).stdout == "held\n"


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
