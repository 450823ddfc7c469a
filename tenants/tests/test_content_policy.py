"""Every answer has a Content-Security-Policy, and none allows inline script or another host."""

from typing import Any

import pytest
from django.test import Client
from rest_framework.test import APIClient

pytestmark = pytest.mark.django_db
PAGES = [
    "/",
    "/demo/",
    "/admin/login/",
    "/api/docs/",
    "/api/schema/",
    "/healthz",
    "/static/chats/widget.js",
    "/nothing/",
]


def policy_of(answer: Any) -> dict[str, list[str]]:
    """Return the directives of an answer's policy."""
    parts = [part.split() for part in answer.headers["Content-Security-Policy"].split(";")]
    return {name: sources for name, *sources in parts}


@pytest.mark.parametrize("path", PAGES)
def test_no_page_runs_inline_script_or_speaks_with_another_host(client: Client, path: str) -> None:
    policy = policy_of(client.get(path))
    assert "'unsafe-inline'" not in policy["script-src"]
    assert policy["object-src"] == policy["base-uri"] == policy["frame-ancestors"] == ["'none'"]
    own = {"'self'", "'none'", "data:", "ws://testserver", "'unsafe-eval'", "'unsafe-inline'"}
    assert {source for sources in policy.values() for source in sources} <= own
    if not path.startswith("/admin/"):
        assert "unsafe" not in str(policy)


def test_sockets_go_to_this_host_alone_by_tls_where_the_page_came_by_it(client: Client) -> None:
    assert policy_of(client.get("/"))["connect-src"] == ["'self'", "ws://testserver"]
    assert policy_of(client.get("/", secure=True))["connect-src"] == ["'self'", "wss://testserver"]


@pytest.mark.parametrize("path", ["/api/v1/auth/me/", "/api/v1/nothing/"])
def test_an_answer_of_the_api_may_do_nothing(path: str) -> None:
    answer = APIClient().get(path)
    assert policy_of(answer) == {
        "default-src": ["'none'"], "base-uri": ["'none'"], "form-action": ["'none'"], "frame-ancestors": ["'none'"],
    }  # fmt: skip
    assert "Content-Security-Policy-Report-Only" not in answer.headers
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
