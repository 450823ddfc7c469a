"""Writes unhandled errors of a request after its transaction is over (decision 9)."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from audit.services.faults import record_fault

ATTRIBUTE = "charla_fault"


class ErrorLogMiddleware:
    """Stands outside everything that opens a transaction; a receiver leaves the error on the request."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Handle one request."""
        response = self.get_response(request)
        if (fault := getattr(request, ATTRIBUTE, None)) is not None:
            record_fault(fault)
        return response
