"""What a request costs, by its method and path, and who is charged for it (docs/api.md, "How much")."""

import re
from typing import Any, Final
from uuid import UUID

from django.http import HttpRequest
from rest_framework.exceptions import Throttled
from rest_framework.throttling import BaseThrottle

from tenants.api.cross_origin import TENANT
from tenants.callers import Caller
from tenants.client_address import client_address, network_of
from tenants.limits import Cost, Level, charge, take
from tenants.limits.rules import BYTES_PER_UNIT, bucket_of_tenant, charge_address

# The first that fits; everything else costs a request.
COSTS: Final = tuple(
    (methods, re.compile(pattern), cost)
    for methods, pattern, cost in (
        ({"POST"}, r"/chats/[^/]+/messages/$", Cost.MESSAGE),
        ({"POST"}, r"/(media|import|documents)/$", Cost.UPLOAD),
        ({"POST"}, r"/widget/sessions/$", Cost.SESSION),
        ({"POST"}, r"/respond/$", Cost.MODEL),
        ({"GET"}, r"/(search/\w+|knowledge/search)/$", Cost.SEARCH),
        ({"GET"}, r"/(export|reports/[^/]+/file)/$", Cost.EXPORT),
        ({"POST"}, r"/(anonymize|reports)/$", Cost.EXPORT),
    )
)
ATTRIBUTE: Final = "charla_limit"


def cost_of(request: HttpRequest) -> float:
    """Return the units that a request costs; an upload's size costs too."""
    for methods, pattern, cost in COSTS:
        if request.method in methods and pattern.search(request.path):
            extra = _length(request) / BYTES_PER_UNIT if cost is Cost.UPLOAD else 0
            return cost + extra
    return Cost.REQUEST


def charge_caller(request: HttpRequest, caller: Caller) -> None:
    """Charge a request to its caller, once; raise Throttled (429) when there is too little left."""
    if hasattr(request, ATTRIBUTE):
        return
    _is_for(request, caller.tenant_id)
    level = charge(caller, cost_of(request))
    setattr(request, ATTRIBUTE, level)
    if not level.allowed:
        raise Throttled(wait=level.wait)


def charge_tenant(request: HttpRequest, tenant_id: UUID) -> None:
    """Charge a request of nobody to the tenant that it names, beside its address; raise Throttled (429)."""
    _is_for(request, tenant_id)
    level = take([(bucket_of_tenant(tenant_id), cost_of(request))])
    if not level.allowed:
        setattr(request, ATTRIBUTE, level)
        raise Throttled(wait=level.wait)


def _is_for(request: HttpRequest, tenant_id: UUID | None) -> None:
    """Note for whom a request is; the server reads it in the environ (config/http_threads.py)."""
    setattr(request, TENANT, tenant_id)
    request.META["charla.tenant"] = tenant_id


class AddressThrottle(BaseThrottle):
    """Charges what nobody has been charged for to the address that it came from: the views that are open to all."""

    level: Level | None = None

    def allow_request(self, request: Any, view: Any) -> bool:
        """Tell whether the request may pass."""
        plain: HttpRequest = request._request
        if hasattr(plain, ATTRIBUTE):
            return True
        self.level = charge_address(address_of(plain), cost_of(plain))
        setattr(plain, ATTRIBUTE, self.level)
        return self.level.allowed

    def wait(self) -> float | None:
        """Return the seconds until it may."""
        return self.level.wait if self.level else None


def address_of(request: HttpRequest) -> str:
    """Return the address, or network, that counts as one caller."""
    return network_of(client_address(request))


def _length(request: HttpRequest) -> int:
    text = request.META.get("CONTENT_LENGTH") or "0"
    return int(text) if text.isdecimal() else 0
