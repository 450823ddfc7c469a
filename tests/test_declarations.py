"""What does not say whom it is for stops the program (config/access_checks.py)."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from channels.routing import URLRouter
from django.core.exceptions import ImproperlyConfigured
from django.http import HttpResponse
from django.urls import include, path
from django.urls.resolvers import RegexPattern, URLResolver
from rest_framework.views import APIView

from config import access_checks, routing
from config.access_checks import check_declarations, refuse_undeclared_doors, refuse_undeclared_tasks
from tenants.access import Reach, reaches
from tenants.api.permissions import DeclaredAccess, Public

ROOT = Path(__file__).resolve().parents[1]


def undeclared(*patterns: Any) -> list[str]:
    """Return what is wrong with some routes."""
    return list(access_checks.undeclared_routes(URLResolver(RegexPattern(r"^/"), list(patterns))))


def view(request: Any) -> HttpResponse:
    return HttpResponse()


def api_view(**declared: Any) -> Any:
    """Return an API view that declares what is given."""
    made: Any = type("View", (APIView,), {"permission_classes": [DeclaredAccess], **declared})
    return made.as_view()


def test_everything_that_there_is_says_whom_it_is_for() -> None:
    assert check_declarations(None) == []


def test_a_bare_view_is_found_however_deep_it_is() -> None:
    assert undeclared(path("a/", include([path("b/", view)]))) == ["route a/b/"]


def test_a_declared_view_passes() -> None:
    declared = reaches(Reach.EVERYONE)(lambda request: HttpResponse())
    assert undeclared(path("a/", declared)) == []


def test_an_api_view_needs_a_resource_or_to_be_public_on_purpose() -> None:
    silent, open_to_all = api_view(), api_view(permission_classes=[])
    assert len(undeclared(path("a/", silent), path("b/", open_to_all))) == 2
    assert undeclared(path("a/", api_view(resource="chats")), path("b/", api_view(permission_classes=[Public]))) == []


@pytest.fixture
def silent_route(monkeypatch: pytest.MonkeyPatch) -> None:
    """One more route, which says nothing."""
    resolver = URLResolver(RegexPattern(r"^/"), [path("silent/", view)])
    monkeypatch.setattr(access_checks, "get_resolver", lambda: resolver)


def test_a_web_process_does_not_start_with_a_silent_route(silent_route: None) -> None:
    with pytest.raises(ImproperlyConfigured, match="silent/"):
        refuse_undeclared_doors()


def test_a_web_process_does_not_start_with_a_silent_socket(monkeypatch: pytest.MonkeyPatch) -> None:
    from channels.generic.websocket import AsyncWebsocketConsumer

    silent: Any = type("Silent", (AsyncWebsocketConsumer,), {})
    monkeypatch.setattr(routing, "websockets", URLRouter([path("ws/silent/", silent.as_asgi())]))
    with pytest.raises(ImproperlyConfigured, match="ws/silent/"):
        refuse_undeclared_doors()


def test_a_worker_does_not_start_with_a_silent_task(monkeypatch: pytest.MonkeyPatch) -> None:
    from config import celery

    monkeypatch.setitem(celery.app.tasks, "chats.tasks.silent", object())
    with pytest.raises(ImproperlyConfigured, match=r"chats\.tasks\.silent"):
        refuse_undeclared_tasks()


def test_a_silent_command_is_an_error_of_the_check(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(access_checks, "get_commands", lambda: {"silent": "chats"})
    monkeypatch.setattr(access_checks, "load_command_class", lambda app, name: object())
    assert [error.msg for error in check_declarations(None)] == ["The command silent does not say whom it is for."]


def test_manage_py_check_fails_for_what_says_nothing() -> None:
    spoil = (
        "import config.urls, django.core.management as m; from django.urls import path;"
        "config.urls.urlpatterns.append(path('silent/', lambda request: None)); m.call_command('check')"
    )
    code = f"import os, django; os.environ['DJANGO_SETTINGS_MODULE'] = 'config.settings'; django.setup(); {spoil}"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode != 0
    assert "charla.E001" in done.stderr
