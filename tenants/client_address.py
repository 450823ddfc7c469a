"""Which address a request comes from: the connection's own, unless that is one of the operator's proxies.

Every proxy appends the address that called it to X-Forwarded-For, so only what stands to the right of the first one
that is not ours was written by us; the rest is whatever the caller wants to be.
"""

from collections.abc import Iterable
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Any, Final

from django.conf import settings
from django.http import HttpRequest

Address = IPv4Address | IPv6Address
NETWORK_OF_V6: Final = 64  # what one household or one rented machine gets
HEADER: Final = b"x-forwarded-for"


def client_address(request: HttpRequest) -> str:
    """Return the address of who sent a request, as text; "" when the connection has none (a local socket)."""
    return _behind_proxies(request.META.get("REMOTE_ADDR", ""), request.META.get("HTTP_X_FORWARDED_FOR", ""))


def socket_address(scope: dict[str, Any]) -> str:
    """Return the same for an ASGI scope."""
    peer = str((scope.get("client") or ("", 0))[0])
    passed_on = [value.decode("latin-1") for name, value in scope.get("headers", []) if name.lower() == HEADER]
    return _behind_proxies(peer, ",".join(passed_on))


def network_of(address: str) -> str:
    """Return what counts as one caller: an IPv4 address, or an IPv6 network of 64 bits."""
    parsed = _parsed(address)
    if isinstance(parsed, IPv6Address):
        return str(IPv6Network((int(parsed), NETWORK_OF_V6), strict=False))
    return str(parsed or "")


def _behind_proxies(peer: str, passed_on: str) -> str:
    address = _parsed(peer)
    if address is None or not passed_on or not _is_proxy(address):
        return str(address or "")
    return str(_nearest(address, passed_on.split(",")))


def _nearest(address: Address, hops: Iterable[str]) -> Address:
    for hop in reversed(list(hops)):
        said = _parsed(hop.strip())
        if said is None:  # nothing that a proxy writes; what stands further left is no better
            return address
        address = said
        if not _is_proxy(address):
            return address
    return address


def _parsed(text: str) -> Address | None:
    try:
        address = ip_address(text.strip("[]").partition("%")[0])
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address


def _is_proxy(address: Address) -> bool:
    return any(address in network for network in _proxies(tuple(settings.TRUSTED_PROXIES)))


@lru_cache(maxsize=8)
def _proxies(networks: tuple[str, ...]) -> tuple[Any, ...]:
    return tuple(ip_network(network) for network in networks)
