"""Counts and times every request by its route's template, never by its path."""

import time
from collections.abc import Callable
from typing import Final

from django.http import HttpRequest, HttpResponse

from metrics.services import MetricsService

METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


class RequestMetricsMiddleware:
    """Stands outside the session and the view, so that their time counts too."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Handle one request. An unhandled error has become a 500 further in."""
        began = time.perf_counter()
        response = self.get_response(request)
        match = request.resolver_match
        route = (match.route or "/") if match else "unmatched"
        method = request.method if request.method in METHODS else "other"
        labels = {"method": str(method), "route": route}
        MetricsService.observe_histogram("http_request_seconds", time.perf_counter() - began, labels)
        MetricsService.increment_counter("http_requests", {**labels, "status": str(response.status_code)})
        return response
