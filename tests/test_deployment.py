"""What `manage.py check --deploy` and the schema say of a production setup: nothing."""

import os
import secrets
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]

pytestmark = pytest.mark.skipif("DATABASE_URL" not in os.environ, reason="not run: it needs bin/test's servers")


def test_check_deploy_has_no_warnings() -> None:
    env = {
        **os.environ,
        "CHARLA_BEHIND_TLS": "1",
        "ALLOWED_HOSTS": "charla.example",
        "SECRET_KEY": secrets.token_urlsafe(60),
    }
    command = [sys.executable, "manage.py", "check", "--deploy", "--fail-level", "WARNING"]
    done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, timeout=120, check=False)
    assert (done.returncode, done.stderr) == (0, "")
