"""Clients of httpx2 that can reach checked addresses alone."""

import ssl
import time
from collections.abc import AsyncIterator, Iterator
from functools import cache
from typing import Any, Final

import httpcore2
import httpx2
from django.utils.translation import gettext as _

from notifications.outgoing.addresses import parsed
from notifications.outgoing.connecting import CheckedAsyncBackend, CheckedBackend, Until

CONNECT_SECONDS: Final = 5.0
READ_SECONDS: Final = 10.0
TOTAL_SECONDS: Final = 30.0
MOST_BYTES: Final = 16 * 2**20
MOST_CONNECTIONS: Final = 100
# Not compressed: what is read is then what is sent, and a small answer cannot unfold into a large one.
HEADERS: Final = {"User-Agent": "Charla", "Accept-Encoding": "identity"}


class AnswerTooLongError(httpx2.TransportError):
    """An answer with more bytes than the client takes."""


@cache
def _tls() -> ssl.SSLContext:
    return httpx2.create_ssl_context(trust_env=True)  # SSL_CERT_FILE: an operator's own authority


class CheckedTransport(httpx2.HTTPTransport):
    """httpx2's transport over checked connections, with an end to the time and the length of each answer."""

    def __init__(self, *, total: float, most_bytes: int, most_connections: int) -> None:
        super().__init__(verify=_tls(), trust_env=False)
        self._total, self._most_bytes = total, most_bytes
        self._pool = httpcore2.ConnectionPool(
            ssl_context=_tls(),
            max_connections=most_connections,
            max_keepalive_connections=20,
            keepalive_expiry=5.0,
            network_backend=CheckedBackend(),
        )

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        """Send a request to what its URL stands for right now."""
        parsed(request.url)
        bound(request, self._total)
        response = super().handle_request(request)
        response.stream = CountedStream(response.stream, self._most_bytes)
        return response


class CheckedAsyncTransport(httpx2.AsyncHTTPTransport):
    """The same for an event loop."""

    def __init__(self, *, total: float, most_bytes: int, most_connections: int) -> None:
        super().__init__(verify=_tls(), trust_env=False)
        self._total, self._most_bytes = total, most_bytes
        self._pool = httpcore2.AsyncConnectionPool(
            ssl_context=_tls(),
            max_connections=most_connections,
            max_keepalive_connections=20,
            keepalive_expiry=5.0,
            network_backend=CheckedAsyncBackend(),
        )

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """Send a request to what its URL stands for right now."""
        parsed(request.url)
        bound(request, self._total)
        response = await super().handle_async_request(request)
        response.stream = CountedAsyncStream(response.stream, self._most_bytes)
        return response


def bound(request: httpx2.Request, total: float) -> None:
    """Give every step of a request the whole's end; a step without a timeout of its own has the whole."""
    deadline = time.monotonic() + total
    steps: dict[str, float | None] = request.extensions.get("timeout", {})
    names = ("connect", "read", "write", "pool")
    bounded = {name: Until(total if steps.get(name) is None else float(steps[name] or 0), deadline) for name in names}
    request.extensions = {**request.extensions, "timeout": bounded}


class _Counting:
    def __init__(self, inner: Any, most_bytes: int) -> None:
        self._inner, self._most_bytes, self._read = inner, most_bytes, 0

    def _count(self, piece: bytes) -> bytes:
        self._read += len(piece)
        if self._read > self._most_bytes:
            raise AnswerTooLongError(_("The answer is longer than %(bytes)d bytes.") % {"bytes": self._most_bytes})
        return piece


class CountedStream(_Counting, httpx2.SyncByteStream):
    """An answer's body that ends in an error when it is too long."""

    def __iter__(self) -> Iterator[bytes]:
        for piece in self._inner:
            yield self._count(piece)

    def close(self) -> None:
        """Let the connection go."""
        self._inner.close()


class CountedAsyncStream(_Counting, httpx2.AsyncByteStream):
    """The same for an event loop."""

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for piece in self._inner:
            yield self._count(piece)

    async def aclose(self) -> None:
        """Let the connection go."""
        await self._inner.aclose()


def client(
    *,
    connect: float = CONNECT_SECONDS,
    read: float = READ_SECONDS,
    total: float = TOTAL_SECONDS,
    most_bytes: int = MOST_BYTES,
    most_connections: int = MOST_CONNECTIONS,
) -> httpx2.Client:
    """Return a client for addresses outside; close it, or use it in a `with` block.

    Times are seconds: `connect` with the name's resolution, `read` between two pieces of an answer, `total` from the
    request to the answer's last byte. What goes wrong is an httpx2.TransportError: OutgoingRefusedError for an address
    that is not called, AnswerTooLongError past `most_bytes`, httpx2.TimeoutException for all three times.
    """
    return httpx2.Client(
        transport=CheckedTransport(total=total, most_bytes=most_bytes, most_connections=most_connections),
        timeout=httpx2.Timeout(read, connect=connect),
        follow_redirects=False,
        trust_env=False,
        headers=HEADERS,
    )


def async_client(
    *,
    connect: float = CONNECT_SECONDS,
    read: float = READ_SECONDS,
    total: float = TOTAL_SECONDS,
    most_bytes: int = MOST_BYTES,
    most_connections: int = MOST_CONNECTIONS,
) -> httpx2.AsyncClient:
    """Return the same for an asyncio loop; see client()."""
    return httpx2.AsyncClient(
        transport=CheckedAsyncTransport(total=total, most_bytes=most_bytes, most_connections=most_connections),
        timeout=httpx2.Timeout(read, connect=connect),
        follow_redirects=False,
        trust_env=False,
        headers=HEADERS,
    )
