"""Errors in api.md's shape and with decision 34's codes, whoever raised them."""

import sys
from typing import Any

import structlog
from django.db import DataError, IntegrityError, InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.translation import gettext as _
from django.views import defaults
from drf_standardized_errors.formatter import ExceptionFormatter
from drf_standardized_errors.handler import ExceptionHandler
from drf_standardized_errors.types import Error, ErrorResponse
from psycopg.errors import UniqueViolation
from rest_framework.exceptions import APIException, ValidationError

from tenants.encryption.errors import SealError

RETRY_AFTER_SECONDS = 5
logger = structlog.get_logger(__name__)

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


class UnavailableError(APIException):
    """503: the database is away for a moment; what was sent may be sent again."""

    status_code = 503
    default_code = "maintenance"
    wait = RETRY_AFTER_SECONDS

    def __init__(self) -> None:
        super().__init__(_("Charla cannot reach its database right now. Try again in a few seconds."))


class KeyMissingError(UnavailableError):
    """503: what is encrypted cannot be opened or written until who operates the installation has looked."""

    def __init__(self) -> None:
        APIException.__init__(self, _("Something encrypted cannot be opened or stored: an encryption key is missing."))


class AtTheSameMomentError(APIException):
    """409: another request stored the same thing after this one had looked for it."""

    status_code = 409
    default_code = "conflict"

    def __init__(self) -> None:
        super().__init__(_("Somebody else changed the same thing at this moment. Look at it again, then try again."))


class Handler(ExceptionHandler):
    """Knows what our own database errors mean to a caller."""

    def convert_known_exceptions(self, exc: Exception) -> Exception:
        """Return the API's exception for what the database refused, or for its absence."""
        if isinstance(exc, DataError | UnicodeEncodeError):  # NUL or half a character somewhere inside
            return ValidationError(_("A value has characters or a size that cannot be stored."), code="invalid")
        if isinstance(exc, IntegrityError) and isinstance(exc.__cause__, UniqueViolation):
            return AtTheSameMomentError()
        if isinstance(exc, OperationalError | InterfaceError):
            logger.warning("database_away", error=str(exc))
            return UnavailableError()
        if isinstance(exc, SealError):
            logger.error("sealing_failed", error=str(exc))
            return KeyMissingError()
        return super().convert_known_exceptions(exc)


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
        if isinstance(sys.exc_info()[1], OperationalError | InterfaceError):  # it went away at the commit
            unavailable = UnavailableError()
            response = error_response(503, "maintenance", str(unavailable.detail))
            response["Retry-After"] = str(RETRY_AFTER_SECONDS)
            return response
        return error_response(500, "error", _("Something went wrong here. It has been recorded."))
    return defaults.server_error(request)
