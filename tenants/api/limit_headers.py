"""X-RateLimit-* on every answer of the API (api.md)."""

from collections.abc import Callable
from typing import Final

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from tenants.api.costs import ATTRIBUTE, address_of
from tenants.api.errors import error_response
from tenants.limits import Level
from tenants.limits.rules import charge_address

API: Final = "/api/v1/"


class LimitHeadersMiddleware:
    """Says on every answer of the API how much is left; what never came to a view is charged to its address here."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Handle one request."""
        response = self.get_response(request)
        if not request.path.startswith(API):
            return response
        if not hasattr(request, ATTRIBUTE):
            setattr(request, ATTRIBUTE, charge_address(address_of(request)))
            response = self._refused(request) or response
        level: Level = getattr(request, ATTRIBUTE)
        response["X-RateLimit-Limit"] = str(level.limit)
        response["X-RateLimit-Remaining"] = str(level.remaining)
        response["X-RateLimit-Reset"] = str(level.reset)
        return response

    def _refused(self, request: HttpRequest) -> HttpResponse | None:
        level: Level = getattr(request, ATTRIBUTE)
        if level.allowed:
            return None
        refused = error_response(429, "rate_limited", _("Too many requests. Wait as Retry-After says."))
        refused["Retry-After"] = str(level.wait)
        return refused
