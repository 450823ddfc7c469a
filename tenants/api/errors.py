"""Errors in api.md's shape and with decision 34's codes, whoever raised them."""

from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.translation import gettext as _
from django.views import defaults
from drf_standardized_errors.formatter import ExceptionFormatter
from drf_standardized_errors.types import Error, ErrorResponse

CODES = {
    "max_length": "too_long",
    "max_string_length": "too_long",
    "parse_error": "not_json",
    "not_authenticated": "authentication_failed",
    "throttled": "rate_limited",
    "unsupported_media_type": "unsupported_type",
    "null": "required",
    "does_not_exist": "not_found",
    "unique": "conflict",
}


class Formatter(ExceptionFormatter):
    """Turns the libraries' codes into the documented ones."""

    def format_error_response(self, error_response: ErrorResponse) -> Any:
        """Return the body."""
        error_response.errors = [
            Error(CODES.get(error.code, error.code), error.detail, error.attr) for error in error_response.errors
        ]
        return super().format_error_response(error_response)


def error_response(status: int, code: str, detail: str, attr: str | None = None) -> JsonResponse:
    """Return an error in api.md's shape, for places that DRF does not reach."""
    kind = "server_error" if status >= 500 else "client_error"
    return JsonResponse({"type": kind, "errors": [{"code": code, "detail": detail, "attr": attr}]}, status=status)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer 404: as JSON below /api/, as a page elsewhere."""
    if request.path.startswith("/api/"):
        return error_response(404, "not_found", _("There is nothing at this address."))
    return defaults.page_not_found(request, exception)


def server_error(request: HttpRequest) -> HttpResponse:
    """Answer 500: as JSON below /api/, as a page elsewhere."""
    if request.path.startswith("/api/"):
        return error_response(500, "error", _("Something went wrong here. It has been recorded."))
    return defaults.server_error(request)
