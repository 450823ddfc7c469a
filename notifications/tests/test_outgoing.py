"""No spelling of an address leads Charla's outgoing client to a machine that is not on the internet."""

import asyncio
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from ipaddress import ip_address
from typing import Any

import httpx2
import pytest
from django.core.exceptions import ImproperlyConfigured

from notifications import outgoing
from notifications.outgoing import AnswerTooLongError, OutgoingRefusedError, check_url, connecting
from notifications.outgoing.addresses import check_address, is_global_unicast, literal
from notifications.tests.spellings import urls

LOOPBACK = ["127.0.0.0/8", "::1/128"]
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


class Listener:
    """A server on loopback that counts who connects, and answers each by `handle`."""

    def __init__(self, handle: Callable[[socket.socket], None]) -> None:
        self.hits, self.heard = 0, b""
        self._handle = handle
        self._sockets = [self._bound(socket.AF_INET, "127.0.0.1", 0)]
        self.port: int = self._sockets[0].getsockname()[1]
        if socket.has_dualstack_ipv6():
            self._sockets.append(self._bound(socket.AF_INET6, "::1", self.port))
        for bound in self._sockets:
            threading.Thread(target=self._serve, args=(bound,), daemon=True).start()

    def _bound(self, family: int, host: str, port: int) -> socket.socket:
        made = socket.socket(family, socket.SOCK_STREAM)
        made.bind((host, port))
        made.listen()
        return made

    def _serve(self, bound: socket.socket) -> None:
        while True:
            try:
                connection, _peer = bound.accept()
            except OSError:
                return
            self.hits += 1
            threading.Thread(target=self._answer, args=(connection,), daemon=True).start()

    def _answer(self, connection: socket.socket) -> None:
        with connection:
            try:
                self.heard += connection.recv(65_536)
                self._handle(connection)
            except OSError:
                return

    def close(self) -> None:
        """Stop listening."""
        for bound in self._sockets:
            bound.close()


@contextmanager
def listening(handle: Callable[[socket.socket], None]) -> Iterator[Listener]:
    """Listen for a while."""
    listener = Listener(handle)
    try:
        yield listener
    finally:
        listener.close()


def answering(answer: bytes) -> Callable[[socket.socket], None]:
    """Return a handler that sends one answer."""
    return lambda connection: connection.sendall(answer)


def dripping(connection: socket.socket) -> None:
    """Send a header a byte at a time, for ever."""
    connection.sendall(b"HTTP/1.1 200 OK\r\nX-Slow: ")
    while True:
        connection.sendall(b"a")
        time.sleep(0.05)


@pytest.fixture
def every_name_is_private(monkeypatch: pytest.MonkeyPatch) -> None:
    """No name server is asked: whatever is no address is a name of 127.0.0.1, as its owner might have it."""

    def look_up(host: str, port: int) -> list[str]:
        address = literal(host)
        return [str(address) if address is not None else "127.0.0.1"]

    monkeypatch.setattr(connecting, "look_up", look_up)


@pytest.mark.usefixtures("every_name_is_private")
def test_no_spelling_reaches_a_private_address() -> None:
    with listening(answering(OK)) as listener:
        tried = urls(listener.port)
        assert len(set(tried)) >= 300
        with outgoing.client(connect=2, total=2) as client:
            for url in tried:
                with pytest.raises((OutgoingRefusedError, httpx2.InvalidURL)):
                    client.get(url, follow_redirects=True)
        assert listener.hits == 0


@pytest.mark.usefixtures("every_name_is_private")
async def test_no_spelling_reaches_a_private_address_from_a_loop() -> None:
    with listening(answering(OK)) as listener:
        async with outgoing.async_client(connect=2, total=2) as client:
            for url in urls(listener.port):
                with pytest.raises((OutgoingRefusedError, httpx2.InvalidURL)):
                    await client.get(url, follow_redirects=True)
        assert listener.hits == 0


def test_the_list_would_reach_the_listener_if_nothing_was_checked(
    monkeypatch: pytest.MonkeyPatch, every_name_is_private: None
) -> None:
    monkeypatch.setattr(connecting, "check_address", lambda address: None)
    with listening(answering(OK)) as listener, outgoing.client(connect=0.1, read=0.3, total=0.5) as client:
        for url in urls(listener.port):
            if "127." in url or "localhost" in url:
                try:
                    client.get(url)
                except (httpx2.HTTPError, httpx2.InvalidURL):
                    continue
        assert listener.hits > 20


@pytest.mark.parametrize("host", ["127.1", "0x7f.0.0.1", "017700000001", "2130706433", "[::ffff:7f00:1]", "localhost."])
def test_a_private_address_is_refused_when_it_is_saved(host: str) -> None:
    with pytest.raises(OutgoingRefusedError):
        check_url(f"https://{host}/hook")


@pytest.mark.parametrize(
    "url",
    [
        "https://example.com/hook",
        "http://8.8.8.8:8080/",
        "https://[2606:4700:4700::1111]/",
        "https://ñandú.cl/a",
        "http://a_b.cl./",
    ],
)
def test_an_address_on_the_internet_is_accepted_when_it_is_saved(url: str) -> None:
    check_url(url)


@pytest.mark.parametrize("url", ["https://exa mple.com/", "http://[", "http://a..b/", f"https://{'a' * 64}.example/"])
def test_what_no_host_can_be_called_is_refused_when_it_is_saved(url: str) -> None:
    with pytest.raises(OutgoingRefusedError):
        check_url(url)


@pytest.mark.parametrize("text", ["1.1.1.1", "2606:4700::1", "::ffff:8.8.8.8", "64:ff9b::808:808", "172.32.0.1"])
def test_global_unicast_is_called(text: str) -> None:
    assert is_global_unicast(ip_address(text))


def test_the_operators_list_makes_exceptions(settings: Any) -> None:
    settings.OUTGOING_ALLOW = ["10.1.0.0/16"]
    check_address(ip_address("10.1.2.3"))
    check_address(ip_address("::ffff:10.1.2.3"))
    with pytest.raises(OutgoingRefusedError):
        check_address(ip_address("10.2.0.1"))


def test_a_wrong_entry_of_the_operators_list_names_its_variable(settings: Any) -> None:
    settings.OUTGOING_ALLOW = ["10.1.0.0/99"]
    with pytest.raises(ImproperlyConfigured, match="CHARLA_OUTGOING_ALLOW"):
        check_address(ip_address("10.1.2.3"))


def test_a_name_is_resolved_once_and_that_address_is_connected_to(
    settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.OUTGOING_ALLOW = ["127.0.0.1/32"]
    asked: list[str] = []

    def rebinding(host: str, port: int) -> list[str]:
        asked.append(host)
        return ["127.0.0.1"] if len(asked) == 1 else ["127.0.0.2"]

    monkeypatch.setattr(connecting, "look_up", rebinding)
    with listening(answering(OK)) as listener, outgoing.client() as client:
        first = client.get(f"http://rebind.example:{listener.port}/a", headers={"Connection": "close"})
        assert first.text == "ok"
        assert asked == ["rebind.example"]
        assert f"Host: rebind.example:{listener.port}".encode() in listener.heard
        with pytest.raises(OutgoingRefusedError):  # the second time, a new connection, it is another address
            client.get(f"http://rebind.example:{listener.port}/b")
        assert listener.hits == 1


def test_one_private_address_among_several_makes_the_name_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connecting, "look_up", lambda host, port: ["93.184.216.34", "127.0.0.1"])
    with outgoing.client() as client, pytest.raises(OutgoingRefusedError):
        client.get("http://mixed.example/")


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed(settings: Any, status: int) -> None:
    settings.OUTGOING_ALLOW = LOOPBACK
    with listening(answering(OK)) as target:
        moved = f"HTTP/1.1 {status} Moved\r\nLocation: http://127.0.0.1:{target.port}/\r\nContent-Length: 0\r\n\r\n"
        with listening(answering(moved.encode())) as listener, outgoing.client() as client:
            assert client.get(f"http://127.0.0.1:{listener.port}/").status_code == status
        assert target.hits == 0


def test_no_proxy_of_the_environment_is_used(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.OUTGOING_ALLOW = LOOPBACK
    with listening(answering(OK)) as proxy, listening(answering(OK)) as listener:
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "HTTPS_PROXY"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.port}")
        with outgoing.client() as client:
            assert client.get(f"http://127.0.0.1:{listener.port}/").text == "ok"
        assert (proxy.hits, listener.hits) == (0, 1)


def test_a_dripping_answer_ends_with_the_whole_time(settings: Any) -> None:
    settings.OUTGOING_ALLOW = LOOPBACK
    with listening(dripping) as listener, outgoing.client(total=0.5) as client:
        began = time.monotonic()
        with pytest.raises(httpx2.TimeoutException):
            client.get(f"http://127.0.0.1:{listener.port}/")
        assert time.monotonic() - began < 2


async def test_a_dripping_answer_ends_with_the_whole_time_on_a_loop(settings: Any) -> None:
    settings.OUTGOING_ALLOW = LOOPBACK
    with listening(dripping) as listener:
        async with outgoing.async_client(total=0.5) as client, asyncio.timeout(5):
            with pytest.raises(httpx2.TimeoutException):
                await client.get(f"http://127.0.0.1:{listener.port}/")


LONG = b"HTTP/1.1 200 OK\r\nContent-Length: 2000000\r\n\r\n" + b"x" * 2_000_000


def test_an_answer_is_read_no_further_than_asked(settings: Any) -> None:
    settings.OUTGOING_ALLOW = LOOPBACK
    with (
        listening(answering(LONG)) as listener,
        outgoing.client() as client,
        client.stream("GET", f"http://127.0.0.1:{listener.port}/") as response,
    ):
        assert len(outgoing.read_beginning(response, 16_384)) == 16_384


async def test_an_answer_is_read_no_further_than_asked_on_a_loop(settings: Any) -> None:
    settings.OUTGOING_ALLOW = LOOPBACK
    with listening(answering(LONG)) as listener:
        async with (
            outgoing.async_client() as client,
            client.stream("GET", f"http://127.0.0.1:{listener.port}/") as response,
        ):
            assert len(await outgoing.read_beginning_async(response, 16_384)) == 16_384


def test_an_answer_that_is_too_long_is_an_error(settings: Any) -> None:
    settings.OUTGOING_ALLOW = LOOPBACK
    with (
        listening(answering(LONG)) as listener,
        outgoing.client(most_bytes=100_000) as client,
        pytest.raises(AnswerTooLongError),
    ):
        client.get(f"http://127.0.0.1:{listener.port}/")


def test_tls_is_for_the_urls_name_not_the_address(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.OUTGOING_ALLOW = LOOPBACK
    monkeypatch.setattr(connecting, "look_up", lambda host, port: ["127.0.0.1"])
    with listening(lambda connection: None) as listener, outgoing.client() as client:
        with pytest.raises(httpx2.TransportError):
            client.get(f"https://hooks.example:{listener.port}/")
        assert b"hooks.example" in listener.heard  # the server name of the TLS greeting
    assert client._transport._pool._ssl_context.verify_mode is ssl.CERT_REQUIRED  # type: ignore[attr-defined]
