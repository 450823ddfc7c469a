"""Which addresses may be called: global unicast ones, and those that the operator's list allows."""

import re
import socket
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Final

import httpx2
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext as _

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

# IANA's registries of special-purpose addresses (RFC 6890 and its updates): what is not reached over the internet, or
# is a way into some other network. Written out, because what Python's `is_global` holds differs between its versions.
NOT_GLOBAL_4: Final = [
    IPv4Network(network)
    for network in (
        "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24",
        "192.0.2.0/24", "192.31.196.0/24", "192.52.193.0/24", "192.88.99.0/24", "192.168.0.0/16", "192.175.48.0/24",
        "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4",
        "168.63.129.16/32",  # a cloud's own services, inside each of its machines, under an address that looks public
    )
]  # fmt: skip
GLOBAL_6: Final = IPv6Network("2000::/3")
# Teredo, ORCHID and benchmarking are in the first; 6to4 leads to an IPv4 network by way of strangers.
NOT_GLOBAL_6: Final = [
    IPv6Network(network) for network in ("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20", "2620:4f:8000::/48")
]
NAT64: Final = IPv6Network("64:ff9b::/96")
HOST_NAME: Final = re.compile(rb"(?=.{1,253}\.?$)[a-z0-9_-]{1,63}(\.[a-z0-9_-]{1,63})*\.?")
ISATAP: Final = (0x00005EFE, 0x02005EFE)

# The ports that browsers refuse (Fetch standard, "port blocking") and those of two databases: servers that would take a
# request for their own language.
PORTS_OF_OTHERS: Final = frozenset(
    (1, 7, 9, 11, 13, 15, 17, 19, 20, 21, 22, 23, 25, 37, 42, 43, 53, 69, 77, 79, 87, 95, 101, 102, 103, 104, 109, 110,
     111, 113, 115, 117, 119, 123, 135, 137, 139, 143, 161, 179, 389, 427, 465, 512, 513, 514, 515, 526, 530, 531, 532,
     540, 548, 554, 556, 563, 587, 601, 636, 989, 990, 993, 995, 1719, 1720, 1723, 2049, 3659, 4045, 4190, 5060, 5061,
     6000, 6379, 6566, 6665, 6666, 6667, 6668, 6669, 6679, 6697, 10080, 11211)
)  # fmt: skip


class OutgoingRefusedError(httpx2.TransportError):
    """An address that Charla does not call; the message says why, in words for the person who gave it."""


@lru_cache(maxsize=8)
def _networks(texts: tuple[str, ...]) -> tuple[Network, ...]:
    try:
        return tuple(ip_network(text.strip()) for text in texts if text.strip())
    except ValueError as error:
        raise ImproperlyConfigured(f"CHARLA_OUTGOING_ALLOW: {error}") from error


def allowed_networks() -> tuple[Network, ...]:
    """Return the operator's exceptions; raise ImproperlyConfigured when one is not a network."""
    return _networks(tuple(settings.OUTGOING_ALLOW))


def inner_ipv4(address: IPv6Address) -> IPv4Address | None:
    """Return the IPv4 address that is reached by an IPv6 one: mapped (RFC 4291) or through NAT64 (RFC 6052)."""
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    return IPv4Address(int(address) & 0xFFFFFFFF) if address in NAT64 else None


def is_global_unicast(address: Address) -> bool:
    """Tell whether an address is one of a machine on the internet."""
    if isinstance(address, IPv4Address):
        return not any(address in network for network in NOT_GLOBAL_4)
    inner = inner_ipv4(address)
    if inner is not None:
        return is_global_unicast(inner)
    if int(address) >> 32 & 0xFFFFFFFF in ISATAP:
        return is_global_unicast(IPv4Address(int(address) & 0xFFFFFFFF))
    return address in GLOBAL_6 and not any(address in network for network in NOT_GLOBAL_6)


def check_address(address: Address) -> None:
    """Raise OutgoingRefusedError unless the address may be called."""
    if is_global_unicast(address):
        return
    inner = inner_ipv4(address) if isinstance(address, IPv6Address) else None
    for network in allowed_networks():
        if address in network or (inner is not None and inner in network):
            return
    raise OutgoingRefusedError(_("The address %(address)s is not on the public internet.") % {"address": address})


def address_of(text: str) -> Address:
    """Return an address as the resolver writes it; the zone of a link-local one is left out."""
    return ip_address(text.partition("%")[0])


def literal(host: str) -> Address | None:
    """Return the address that a host's spelling stands for without asking a name server; None for a name.

    By the system's own reading, which connects too: `0x7f.1`, `017700000001` and `127.1` are 127.0.0.1.
    """
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM, flags=socket.AI_NUMERICHOST)
    except (OSError, UnicodeError):
        return None
    return address_of(str(found[0][4][0]))


def parsed(url: str | httpx2.URL) -> httpx2.URL:
    """Return a URL that may be called as far as its form goes; raise OutgoingRefusedError with the reason."""
    try:
        target = httpx2.URL(url)
    except (httpx2.InvalidURL, ValueError, TypeError) as error:
        raise OutgoingRefusedError(_("This is not a web address.")) from error
    if target.scheme not in ("http", "https"):
        raise OutgoingRefusedError(_("An address begins with https:// or http://."))
    if not target.host:
        raise OutgoingRefusedError(_("The address names no host."))
    if target.userinfo:
        raise OutgoingRefusedError(_("An address with a user name or a password in it is not called."))
    port = target.port
    if port is not None and (not 0 < port < 65_536 or port in PORTS_OF_OTHERS):
        raise OutgoingRefusedError(_("The port %(port)s is not one for the web.") % {"port": port})
    return target


def check_url(url: str) -> None:
    """Refuse, when it is saved, a URL that could never be called: OutgoingRefusedError says why.

    Names are checked when something is sent, for what they stand for may change (decision 29).
    """
    target = parsed(url)
    if ":" not in target.host and not HOST_NAME.fullmatch(target.raw_host):
        raise OutgoingRefusedError(_("This is not a web address."))
    address = literal(target.host)
    if address is None and _means_this_machine(target.host):
        address = IPv4Address("127.0.0.1")  # RFC 6761, 6.3
    if address is not None:
        check_address(address)


def _means_this_machine(host: str) -> bool:
    name = host.lower().rstrip(".")
    return name == "localhost" or name.endswith(".localhost")
