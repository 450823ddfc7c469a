"""Finds the browser that the browser tests drive, or installs it where that is allowed."""

import os
import shutil
import subprocess
import sys

from config.stack.errors import StackError

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
MISSING = (
    "Chromium is missing and cannot be installed here: install it, name it in CHARLA_CHROMIUM,"
    " or leave the browser tests out with CHARLA_SKIP_BROWSER=1."
)


def chromium() -> str:
    """Return the path of a Chromium; StackError when there is none and none can be installed."""
    named = os.environ.get("CHARLA_CHROMIUM")
    if named:
        if shutil.which(named):
            return named
        raise StackError(f"CHARLA_CHROMIUM names {named}, which is no program: correct it.")
    found = _installed()
    if not found and os.geteuid() == 0 and shutil.which("apt-get"):
        _install()
        found = _installed()
    if not found:
        raise StackError(MISSING)
    return found


def _installed() -> str | None:
    return next((path for name in NAMES if (path := shutil.which(name))), None)


def _install() -> None:
    sys.stderr.write("Installing Chromium for the browser tests …\n")
    env = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for step in (("update",), ("install", "--yes", "--no-install-recommends", "chromium")):
        done = subprocess.run(["apt-get", "-qq", *step], env=env, check=False, stdout=subprocess.DEVNULL)
        if done.returncode != 0:
            raise StackError(MISSING)
