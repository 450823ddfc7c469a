"""Errors in api.md's shape and with decision 34's codes, whoever raised them."""

from typing import Any

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
