"""What every answer tells browsers, and what cookies are called behind TLS."""

import json
import os
import secrets
import subprocess
import sys
from pathlib import Path
from typing import Any, Final

import pytest
from django.test import Client

ROOT: Final = Path(__file__).resolve().parents[1]
ADDRESSES: Final = [
    "/", "/demo/", "/admin/login/", "/admin/", "/api/docs/", "/api/schema/", "/api/v1/chats/", "/api/v1/nothing/",
    "/healthz", "/static/chats/widget.js", "/favicon.ico", "/nothing/", "/invitations/none/", "/%00",
]  # fmt: skip
# What a production setup answers: who visits the log-in page gets a CSRF cookie, who logs in the others.
ASK: Final = """
import json, django
django.setup()
from django.conf import settings
from django.test import Client
answer = Client().get("/admin/login/", secure=True, headers={"X-Forwarded-Proto": "https"})
cookies = {name: dict(morsel) for name, morsel in answer.cookies.items()}
names = [settings.SESSION_COOKIE_NAME, settings.CSRF_COOKIE_NAME, settings.DEVICE_COOKIE_NAME]
print(json.dumps({"cookies": cookies, "names": names, "hsts": answer.get("Strict-Transport-Security")}))
"""


@pytest.mark.django_db
@pytest.mark.parametrize("address", ADDRESSES)
def test_every_answer_may_stand_in_no_frame_use_no_device_and_is_what_it_says(client: Client, address: str) -> None:
    told = client.get(address).headers
    assert "frame-ancestors 'none'" in told["Content-Security-Policy"]
    assert told["X-Frame-Options"] == "DENY"
    assert told["X-Content-Type-Options"] == "nosniff"
    assert told["Referrer-Policy"] == told["Cross-Origin-Opener-Policy"] == "same-origin"
    assert "camera=(), " in told["Permissions-Policy"]
    assert "X-Request-Id" in told


def test_a_page_without_an_icon_of_its_own_finds_one(client: Client) -> None:
    answer = client.get("/favicon.ico", follow=True)
    assert (answer.status_code, answer["Content-Type"]) == (200, "image/svg+xml")


@pytest.mark.skipif("DATABASE_URL" not in os.environ, reason="not run: it needs bin/test's servers")
def test_behind_tls_cookies_are_this_hosts_alone() -> None:
    told = production(ASK)
    assert told["names"] == ["__Host-sessionid", "__Host-csrftoken", "__Host-charla_device"]
    (cookie,) = told["cookies"].values()
    assert list(told["cookies"]) == ["__Host-csrftoken"]
    assert (cookie["secure"], cookie["httponly"], cookie["samesite"]) == (True, True, "Lax")
    assert (cookie["path"], cookie["domain"]) == ("/", ""), "else a browser refuses the name"
    assert "includeSubDomains" in told["hsts"]


def production(program: str) -> Any:
    """Run a program in a production setup behind TLS; return what it prints as JSON."""
    more = {
        "CHARLA_BEHIND_TLS": "1", "ALLOWED_HOSTS": "testserver", "SECRET_KEY": secrets.token_urlsafe(60),
        "DJANGO_SETTINGS_MODULE": "config.settings",
    }  # fmt: skip
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, env={**os.environ, **more}, capture_output=True, text=True,
        timeout=180, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])
