"""Whose address it is: the connection's, or what the operator's own proxies say."""

from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.test import RequestFactory

from config.settings.environment import networks
from tenants.client_address import client_address, network_of, socket_address

PROXIES = ["10.0.0.0/8", "fd00::/8"]


def address(peer: str, passed_on: str | None = None) -> str:
    headers = {} if passed_on is None else {"X-Forwarded-For": passed_on}
    request = RequestFactory().get("/", headers=headers, REMOTE_ADDR=peer)
    scope = {"client": (peer, 1), "headers": [(b"x-forwarded-for", (passed_on or "").encode())]}
    assert client_address(request) == socket_address(scope)
    return client_address(request)


def test_without_a_configured_proxy_the_header_is_not_read() -> None:
    assert address("10.0.0.2", "198.51.100.7") == "10.0.0.2"


@pytest.mark.parametrize(
    ("peer", "passed_on", "expected"),
    [
        ("10.0.0.2", "198.51.100.7", "198.51.100.7"),
        ("203.0.113.9", "198.51.100.7", "203.0.113.9"),  # a caller past the proxy says what it likes
        ("10.0.0.2", "1.2.3.4, 198.51.100.7", "198.51.100.7"),  # what the caller wrote itself
        ("10.0.0.2", "1.2.3.4, 198.51.100.7, 10.9.9.9", "198.51.100.7"),  # two proxies in a row
        ("10.0.0.2", "10.0.0.7", "10.0.0.7"),  # a colleague inside
        ("10.0.0.2", "1.2.3.4, nonsense", "10.0.0.2"),
        ("10.0.0.2", "", "10.0.0.2"),
        ("fd00::2", "2001:db8::7", "2001:db8::7"),
        ("::ffff:10.0.0.2", "198.51.100.7", "198.51.100.7"),
        ("10.0.0.2", "::ffff:198.51.100.7", "198.51.100.7"),
    ],
)
def test_only_what_our_own_proxies_wrote_is_believed(settings: Any, peer: str, passed_on: str, expected: str) -> None:
    settings.TRUSTED_PROXIES = PROXIES
    assert address(peer, passed_on) == expected


def test_several_headers_are_one_list(settings: Any) -> None:
    settings.TRUSTED_PROXIES = PROXIES
    headers = [(b"x-forwarded-for", b"1.2.3.4"), (b"x-forwarded-for", b"198.51.100.7")]
    assert socket_address({"client": ("10.0.0.2", 1), "headers": headers}) == "198.51.100.7"


def test_a_connection_without_an_address_has_none() -> None:
    assert socket_address({"client": None, "headers": []}) == ""


def test_one_ipv6_network_is_one_caller() -> None:
    assert network_of("2001:db8:1:2:3::4") == network_of("2001:db8:1:2::9") == "2001:db8:1:2::/64"
    assert network_of("198.51.100.7") == "198.51.100.7"
    assert network_of("") == ""


def test_a_network_that_is_none_stops_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHARLA_TRUSTED_PROXIES", "10.0.0.0/8,proxy")
    with pytest.raises(ImproperlyConfigured, match=r"CHARLA_TRUSTED_PROXIES.*proxy"):
        networks("CHARLA_TRUSTED_PROXIES")
