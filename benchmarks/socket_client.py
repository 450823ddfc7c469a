"""A small WebSocket client that costs little: handshake, text frames, pongs, nothing else (RFC 6455)."""

import asyncio
import json
import time
from collections.abc import Callable
from typing import Any

Listener = Callable[[float, bytes], None]
"""Gets the moment (time.perf_counter) at which a frame arrived, and its text."""

CREATED = b'{"type": "message.created"'
DELTA = b'{"type": "message.delta"'


class Socket(asyncio.Protocol):
    """One connection; every text frame goes to `listener`."""

    def __init__(self, request: bytes, listener: Listener) -> None:
        self.request, self.listener = request, listener
        self.open = False
        self.buffer = bytearray()
        self.ready: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.transport: asyncio.Transport | None = None

    def connection_made(self, transport: Any) -> None:
        """Ask for the upgrade."""
        self.transport = transport
        transport.write(self.request)

    def data_received(self, data: bytes) -> None:
        """Take the handshake's answer, then frames."""
        now = time.perf_counter()
        self.buffer += data
        if not self.open:
            head, found, rest = self.buffer.partition(b"\r\n\r\n")
            if not found:
                return
            if not head.startswith(b"HTTP/1.1 101"):
                self.ready.set_exception(ConnectionError(bytes(head[:200])))
                return
            self.open, self.buffer = True, rest
        while (frame := self._next_frame()) is not None:
            opcode, text = frame
            if opcode == 8:
                if not self.ready.done():
                    self.ready.set_exception(ConnectionError(f"closed: {text!r}"))
            elif opcode == 9 and self.transport is not None:
                self.transport.write(bytes([0x8A, 0x80 | len(text)]) + bytes(4) + text)
            elif opcode == 1:
                if not self.ready.done():
                    self.ready.set_result(None)
                self.listener(now, text)

    def _next_frame(self) -> tuple[int, bytes] | None:
        if len(self.buffer) < 2:
            return None
        length, start = self.buffer[1] & 127, 2
        if length == 126:
            length, start = int.from_bytes(self.buffer[2:4]), 4
        elif length == 127:
            length, start = int.from_bytes(self.buffer[2:10]), 10
        if len(self.buffer) < start + length or (start > 2 and len(self.buffer) < start):
            return None
        opcode, text = self.buffer[0] & 15, bytes(self.buffer[start : start + length])
        del self.buffer[: start + length]
        return opcode, text

    def send(self, frame: dict[str, Any]) -> None:
        """Send a frame, masked with zeros."""
        text = json.dumps(frame).encode()
        size = len(text)
        head = bytes([0x81, 0x80 | size]) if size < 126 else bytes([0x81, 0xFE]) + size.to_bytes(2)
        assert self.transport is not None
        self.transport.write(head + bytes(4) + text)

    def close(self) -> None:
        """Drop the connection."""
        if self.transport is not None:
            self.transport.abort()


async def open_socket(port: int, chat_id: str, token: str, listener: Listener) -> Socket:
    """Open a chat's socket and wait for its first frame, `ready`."""
    lines = [
        f"GET /ws/chats/{chat_id}/ HTTP/1.1", "Host: 127.0.0.1", "Upgrade: websocket", "Connection: Upgrade",
        "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==", "Sec-WebSocket-Version: 13",
        f"Sec-WebSocket-Protocol: charla.v1, bearer.{token}", "", "",
    ]  # fmt: skip
    request = "\r\n".join(lines).encode()
    loop = asyncio.get_running_loop()
    _transport, socket = await loop.create_connection(lambda: Socket(request, listener), "127.0.0.1", port)
    async with asyncio.timeout(30):
        await socket.ready
    return socket


def ignore(moment: float, text: bytes) -> None:
    """Listen to nothing."""
