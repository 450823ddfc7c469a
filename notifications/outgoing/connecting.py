"""Connections to addresses that were checked: resolved once, then never asked for again (no rebinding).

Below httpx2, whose network backends (httpcore2) get the host's name here and nothing else; the name that TLS is for and
the Host header stay the URL's own.
"""

import asyncio
import socket
import ssl
import time
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as FutureTimeoutError
from typing import Any, Final

import httpcore2
from django.utils.translation import gettext as _
from httpcore2 import (
    AnyIOBackend,
    AsyncNetworkBackend,
    AsyncNetworkStream,
    NetworkBackend,
    NetworkStream,
    SyncBackend,
)

from notifications.outgoing.addresses import Address, OutgoingRefusedError, address_of, check_address

SocketOptions = Iterable[Any] | None
MOST_TRIED: Final = 3
# Of their own, so that a slow name server holds up neither the loop's threads nor a task's.
_resolvers: Final = ThreadPoolExecutor(max_workers=16, thread_name_prefix="resolve")


class Until(float):
    """A timeout in seconds that also ends at a moment: httpcore2 hands it on as it is to every read and write."""

    deadline: float

    def __new__(cls, seconds: float, deadline: float) -> "Until":
        """Make one; `deadline` is a time of time.monotonic()."""
        made = super().__new__(cls, seconds)
        made.deadline = deadline
        return made


def left(timeout: float | None) -> float | None:
    """Return how long one step may take; raise ReadTimeout when the whole has taken too long."""
    if not isinstance(timeout, Until):
        return timeout
    seconds = min(float(timeout), timeout.deadline - time.monotonic())
    if seconds <= 0:
        raise httpcore2.ReadTimeout("The whole took too long.")
    return seconds


def look_up(host: str, port: int) -> list[str]:
    """Ask the system for a name's addresses, in the order in which they are to be tried."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise httpcore2.ConnectError(f"{host}: {error}") from error
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


def checked(answers: list[str]) -> list[Address]:
    """Return the addresses to connect to; one that may not be called makes the whole name refused."""
    addresses = [address_of(answer) for answer in answers]
    for address in addresses:
        check_address(address)
    if not addresses:
        raise OutgoingRefusedError(_("The name has no address."))
    return addresses[:MOST_TRIED]


class CheckedBackend(NetworkBackend):
    """Connects to checked addresses alone."""

    def __init__(self) -> None:
        self._inner = SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: SocketOptions = None,
    ) -> NetworkStream:
        """Resolve, check and connect; the first address that answers is taken."""
        asked = _resolvers.submit(look_up, host, port)
        try:
            addresses = checked(asked.result(left(timeout)))
        except FutureTimeoutError as error:
            asked.cancel()
            raise httpcore2.ConnectTimeout(f"{host}: no answer from the name server.") from error
        failure: Exception = httpcore2.ConnectError(host)
        for address in addresses:
            try:
                stream = self._inner.connect_tcp(str(address), port, left(timeout), None, socket_options)
            except (httpcore2.ConnectError, httpcore2.ConnectTimeout) as error:
                failure = error
            else:
                return TimedStream(stream)
        raise failure

    def connect_unix_socket(
        self, path: str, timeout: float | None = None, socket_options: SocketOptions = None
    ) -> NetworkStream:
        """Refuse: a path is no address outside."""
        raise OutgoingRefusedError(path)


class TimedStream(NetworkStream):
    """A stream whose reads and writes also end with the whole's time."""

    def __init__(self, inner: NetworkStream) -> None:
        self._inner = inner

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """Read some bytes."""
        return self._inner.read(max_bytes, left(timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        """Write all of them."""
        self._inner.write(buffer, left(timeout))

    def close(self) -> None:
        """Close the connection."""
        self._inner.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> NetworkStream:
        """Begin TLS for the URL's name."""
        return TimedStream(self._inner.start_tls(ssl_context, server_hostname, left(timeout)))

    def get_extra_info(self, info: str) -> Any:
        """Return what the stream knows of itself."""
        return self._inner.get_extra_info(info)


class CheckedAsyncBackend(AsyncNetworkBackend):
    """The same for an event loop (asyncio's)."""

    def __init__(self) -> None:
        self._inner = AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: SocketOptions = None,
    ) -> AsyncNetworkStream:
        """Resolve, check and connect; the first address that answers is taken."""
        asked = asyncio.get_running_loop().run_in_executor(_resolvers, look_up, host, port)
        try:
            addresses = checked(await asyncio.wait_for(asked, left(timeout)))
        except TimeoutError as error:
            raise httpcore2.ConnectTimeout(f"{host}: no answer from the name server.") from error
        failure: Exception = httpcore2.ConnectError(host)
        for address in addresses:
            try:
                stream = await self._inner.connect_tcp(str(address), port, left(timeout), None, socket_options)
            except (httpcore2.ConnectError, httpcore2.ConnectTimeout) as error:
                failure = error
            else:
                return TimedAsyncStream(stream)
        raise failure

    async def connect_unix_socket(
        self, path: str, timeout: float | None = None, socket_options: SocketOptions = None
    ) -> AsyncNetworkStream:
        """Refuse: a path is no address outside."""
        raise OutgoingRefusedError(path)

    async def sleep(self, seconds: float) -> None:
        """Wait."""
        await asyncio.sleep(seconds)


class TimedAsyncStream(AsyncNetworkStream):
    """A stream whose reads and writes also end with the whole's time."""

    def __init__(self, inner: AsyncNetworkStream) -> None:
        self._inner = inner

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """Read some bytes."""
        return await self._inner.read(max_bytes, left(timeout))

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:
        """Write all of them."""
        await self._inner.write(buffer, left(timeout))

    async def aclose(self) -> None:
        """Close the connection."""
        await self._inner.aclose()

    async def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> AsyncNetworkStream:
        """Begin TLS for the URL's name."""
        return TimedAsyncStream(await self._inner.start_tls(ssl_context, server_hostname, left(timeout)))

    def get_extra_info(self, info: str) -> Any:
        """Return what the stream knows of itself."""
        return self._inner.get_extra_info(info)
