"""What is written down of each request: unhandled errors, who reached for conversations, and what was refused."""

from collections.abc import Callable
from typing import Any, Final

from django.http import HttpRequest, HttpResponse

from audit.services.acts import log_act, needs_entry
from audit.services.events import entries_written
from audit.services.faults import record_fault
from audit.trails import log_access, log_security
from tenants.callers import Caller
from tenants.client_address import client_address

ATTRIBUTE: Final = "charla_fault"
# Whatever shows what people wrote, or who they are; the overview of the administration lists conversations, too.
WATCHED: Final = (
    "api/v1/chats/", "api/v1/contacts/", "api/v1/search/", "api/v1/sentiments/", "api/v1/message-intents/",
    "api/v1/usage/",
    "admin/chats/", "admin/analysis/conversation", "admin/analysis/sentimentchatmodel/",
    "admin/analysis/messageintent/",
)  # fmt: skip
OVERVIEW: Final = "admin/"
REFUSED: Final = {401: "not_known", 403: "not_allowed", 429: "too_fast"}
CHANGING: Final = frozenset({"POST", "PUT", "PATCH", "DELETE"})
OBJECTS: Final = ("chat_id", "pk", "object_id", "message_id")


class ErrorLogMiddleware:
    """Writes unhandled errors once the request's transaction is over (decision 9).

    Stands outside everything that opens a transaction; a receiver leaves the error on the request.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Handle one request."""
        response = self.get_response(request)
        if (fault := getattr(request, ATTRIBUTE, None)) is not None:
            record_fault(fault)
        return response


class TrailMiddleware:
    """Writes the loggers `chats.access` and `chats.security`: ids, route and status, nothing that was sent."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Handle one request."""
        written = entries_written()
        response = self.get_response(request)
        match = request.resolver_match
        route = str(match.route) if match else ""
        if request.method in CHANGING and response.status_code < 300 and entries_written() == written:
            _log_nameless_act(request, route)
        if is_watched(route):
            log_access("request", **_told(request, response, route))
        if response.status_code in REFUSED:
            log_security(REFUSED[response.status_code], **_told(request, response, route))
        return response


def is_watched(route: str) -> bool:
    """Tell whether each request of a route is written to the trail of who reached for conversations."""
    return route.startswith(WATCHED) or route == OVERVIEW


def _log_nameless_act(request: HttpRequest, route: str) -> None:
    """Write the act of a caller of which no service has written: after its commit, so only of what was done."""
    caller, method = getattr(request, "auth", None), str(request.method)
    if not isinstance(caller, Caller) or not needs_entry(route):
        return
    kind = route.removeprefix("api/v1/").partition("/")[0]
    told = {"route": route, "method": method}
    log_act(f"api_{method.lower()}", caller, kind, _object_of(request) or "", told, client_address(request))


def _object_of(request: HttpRequest) -> str | None:
    kwargs = request.resolver_match.kwargs if request.resolver_match else {}
    return next((str(kwargs[name])[:64] for name in OBJECTS if name in kwargs), None)


def _told(request: HttpRequest, response: HttpResponse, route: str) -> dict[str, Any]:
    auth = getattr(request, "auth", None)
    caller = auth if isinstance(auth, Caller) else None
    told = {
        "caller": caller,
        "address": client_address(request),
        "method": request.method,
        "route": route,
        "status": response.status_code,
        "object": _object_of(request),
    }
    if caller is None and route.startswith("admin/") and request.user.is_authenticated:
        told["user"] = str(request.user.pk)
    return told
