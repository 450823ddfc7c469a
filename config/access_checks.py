"""Default deny, at start: a route, socket, command or task that does not say whom it is for stops the program."""

from collections.abc import Iterator, Sequence
from typing import Any, Final

from django.apps import AppConfig
from django.core.checks import CheckMessage, Error
from django.core.exceptions import ImproperlyConfigured
from django.core.management import get_commands, load_command_class
from django.urls import URLPattern, URLResolver, get_resolver
from django.utils.module_loading import autodiscover_modules

from tenants.access import reach_of
from tenants.api.permissions import DeclaredAccess, Public

HINT: Final = "See “Everything says whom it is for” in docs/security.md."
OWN_APPS: Final = frozenset({"tenants", "audit", "metrics", "notifications", "agents", "chats", "analysis", "config"})
OPEN_ON_PURPOSE: Final = frozenset({"admin/login/"})  # the site's own, which its guard leads to
OTHERS: Final = ("celery.",)  # the library's own tasks: nothing rings for them


def undeclared_routes(resolver: URLResolver | None = None, prefix: str = "") -> Iterator[str]:
    """Yield the paths whose view declares nothing."""
    for entry in (resolver or get_resolver()).url_patterns:
        path = prefix + str(entry.pattern)
        if isinstance(entry, URLResolver):
            yield from undeclared_routes(entry, path)
        elif isinstance(entry, URLPattern) and path not in OPEN_ON_PURPOSE and not _is_declared(entry.callback):
            yield f"route {path}"


def _is_declared(view: Any) -> bool:
    # Django marks what its administration guards: `model_admin` by ModelAdmin.get_urls(), `admin_site` by the site's.
    if reach_of(view) or hasattr(view, "model_admin") or hasattr(view, "admin_site"):
        return True
    kind = getattr(view, "cls", None) or getattr(view, "view_class", None)
    allowed = getattr(kind, "permission_classes", ())
    if Public in allowed:
        return True
    says = any(getattr(kind, name, None) for name in ("resource", "any_person"))
    return DeclaredAccess in allowed and says


def undeclared_sockets() -> Iterator[str]:
    """Yield the socket routes whose consumer declares nothing."""
    from config.routing import websockets

    for route in websockets.routes:
        if reach_of(getattr(route.callback, "consumer_class", None)) is None:
            yield f"socket {route.pattern}"


def undeclared_tasks() -> Iterator[str]:
    """Yield the tasks that declare nothing."""
    from config.celery import app

    autodiscover_modules("tasks")  # not by Celery's loader: it runs all system checks, this one among them
    for name, task in sorted(app.tasks.items()):
        if not name.startswith(OTHERS) and reach_of(task) is None:
            yield f"task {name}"


def undeclared_commands() -> Iterator[str]:
    """Yield the commands of our own apps that declare nothing."""
    for name, app in sorted(get_commands().items()):
        if isinstance(app, str) and app in OWN_APPS and reach_of(load_command_class(app, name)) is None:
            yield f"command {name}"


def check_declarations(app_configs: Sequence[AppConfig] | None, **_options: Any) -> list[CheckMessage]:
    """Return an error for whatever does not say whom it is for (a system check)."""
    found = [*undeclared_routes(), *undeclared_sockets(), *undeclared_tasks(), *undeclared_commands()]
    return [Error(f"The {what} does not say whom it is for.", hint=HINT, id="charla.E001") for what in found]


def refuse_undeclared_doors() -> None:
    """Raise ImproperlyConfigured where a route or a socket declares nothing: a web process does not start then."""
    _refuse([*undeclared_routes(), *undeclared_sockets()])


def refuse_undeclared_tasks() -> None:
    """Raise ImproperlyConfigured where a task declares nothing: a worker does not start then."""
    _refuse([*undeclared_tasks()])


def _refuse(found: list[str]) -> None:
    if found:
        raise ImproperlyConfigured(f"These do not say whom they are for: {', '.join(found)}. {HINT}")
