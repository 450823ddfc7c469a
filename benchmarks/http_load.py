"""A small HTTP client that costs little, so that on few cores it is the server that is measured."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field

import uvloop

Request = Callable[[int, int], bytes]
"""Makes the bytes of a request from the client's number and the request's."""


@dataclass
class Load:
    """What clients saw: seconds in all, seconds of each request, statuses other than the one expected."""

    seconds: float = 0.0
    latencies: list[float] = field(default_factory=list)
    failures: list[bytes] = field(default_factory=list)

    @property
    def rate(self) -> float:
        """Return the requests answered in a second."""
        return len(self.latencies) / self.seconds


def request(method: str, path: str, headers: dict[str, str], body: bytes = b"") -> bytes:
    """Return a request on a kept connection."""
    lines = [f"{method} {path} HTTP/1.1", "Host: 127.0.0.1", *(f"{name}: {value}" for name, value in headers.items())]
    if body:
        lines += ["Content-Type: application/json", f"Content-Length: {len(body)}"]
    return "\r\n".join([*lines, "", ""]).encode() + body


def run_load(port: int, make: Request, *, clients: int, requests: int, expected: bytes = b"201") -> Load:
    """Let clients send requests one after the other, each on its own connection, until `requests` are answered."""
    return uvloop.run(_run(port, make, clients, requests, expected))


async def _run(port: int, make: Request, clients: int, requests: int, expected: bytes) -> Load:
    load, numbers = Load(), iter(range(requests))
    streams = [await asyncio.open_connection("127.0.0.1", port) for _ in range(clients)]

    async def client(own: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for number in numbers:
            began = time.perf_counter()
            writer.write(make(own, number))
            status, answer = await read_answer(reader)
            load.latencies.append(time.perf_counter() - began)
            if status != expected:
                load.failures.append(status + b" " + answer[:200])

    began = time.perf_counter()
    await asyncio.gather(*(client(own, *stream) for own, stream in enumerate(streams)))
    load.seconds = time.perf_counter() - began
    for _reader, writer in streams:
        writer.close()
    return load


async def read_answer(reader: asyncio.StreamReader) -> tuple[bytes, bytes]:
    """Read an answer on a kept connection: its status and its body."""
    head = await reader.readuntil(b"\r\n\r\n")
    status = head[9:12]
    lower = head.lower()
    at = lower.find(b"content-length:")
    length = int(lower[at + 15 : lower.index(b"\r\n", at)]) if at >= 0 else 0
    return status, await reader.readexactly(length)
