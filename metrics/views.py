"""/healthz, /readyz and /metrics."""

import hmac
import ipaddress
from typing import Final

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from metrics.probes import readiness
from metrics.services.scraping import exposition
from tenants.access import Reach, reaches

NEIGHBOURS: Final = tuple(
    ipaddress.ip_network(network)
    for network in ("127.0.0.0/8", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "::1/128", "fc00::/7")
)
CONTENT_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"


@reaches(Reach.EVERYONE)
@require_safe
@never_cache
def healthz(request: HttpRequest) -> HttpResponse:
    """Say that the process lives; touches no service."""
    return HttpResponse("ok\n", content_type="text/plain; charset=utf-8")


@reaches(Reach.EVERYONE)
@require_safe
@never_cache
def readyz(request: HttpRequest) -> JsonResponse:
    """Say of each service whether it works; 503 when one does not."""
    findings = readiness()
    is_ready = all(finding.ok for finding in findings)
    body = {
        "status": "ok" if is_ready else "failed",
        "services": {finding.name: finding.public() for finding in findings},
    }
    response = JsonResponse(body, status=200 if is_ready else 503)
    # Being asked too early is no error: without this mark Django logs every 503 as one.
    response._has_been_logged = True  # type: ignore[attr-defined]
    return response


@reaches(Reach.OWN_CHECK)
@require_safe
@never_cache
def metrics(request: HttpRequest) -> HttpResponse:
    """Give Prometheus its figures; for neighbours, or for whoever has the token METRICS_TOKEN."""
    if not (_has_token(request) or _is_neighbour(request)):
        return HttpResponse(status=403)
    return HttpResponse(exposition(), content_type=CONTENT_TYPE)


def _has_token(request: HttpRequest) -> bool:
    wanted = settings.METRICS_TOKEN
    given = request.headers.get("Authorization", "")
    return bool(wanted) and hmac.compare_digest(given.encode(), f"Bearer {wanted}".encode())


def _is_neighbour(request: HttpRequest) -> bool:
    """Tell whether the caller itself has a private address: what a proxy passes on comes from anywhere."""
    if {"X-Forwarded-For", "X-Real-Ip", "Forwarded"} & {name.title() for name in request.headers}:
        return False
    try:
        address = ipaddress.ip_address(request.META.get("REMOTE_ADDR", ""))
    except ValueError:
        return False
    address = getattr(address, "ipv4_mapped", None) or address
    return any(address in network for network in NEIGHBOURS)
