"""A server that speaks the wire formats of OpenAI and Anthropic, and fails in whatever way it is told to."""

import json
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Behaviour = Callable[["Handler"], None]


class Handler(BaseHTTPRequestHandler):
    """Answers each request with the next behaviour of the script; the last one stays."""

    protocol_version = "HTTP/1.1"
    wbufsize = 0
    asked: "Asked"

    def do_POST(self) -> None:
        """Note what was asked, then behave."""
        models: FakeModels = self.server.models  # type: ignore[attr-defined]
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.asked = Asked(self.path, dict(self.headers.items()), json.loads(body))
        models.requests.append(self.asked)
        behaviour = models.script.pop(0) if len(models.script) > 1 else models.script[0]
        try:
            behaviour(self)
        except OSError:
            models.left.set()
        self.close_connection = True

    def head(self, status: int, content_type: str, **headers: str) -> None:
        """Send the status and the headers of a chunked answer."""
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Transfer-Encoding", "chunked")
        self.send_header("Connection", "close")
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()

    def chunk(self, data: bytes) -> None:
        """Send a chunk of the answer; an empty one ends it."""
        self.wfile.write(b"%x\r\n%s\r\n" % (len(data), data))

    def wait_until_left(self, seconds: float = 20.0) -> None:
        """Say nothing until the client goes away."""
        self.connection.settimeout(seconds)
        if not self.connection.recv(1):
            raise ConnectionAbortedError

    def reset(self) -> None:
        """Break the connection off with a reset."""
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()

    def log_message(self, *arguments: Any) -> None:
        """Stay quiet."""


@dataclass
class Asked:
    """A request as it came."""

    path: str
    headers: dict[str, str]
    body: dict[str, Any]


@dataclass
class FakeModels:
    """The running server: `script` says what it does, `requests` what it was asked, `left` that a client went away."""

    url: str = ""
    script: list[Behaviour] = field(default_factory=list)
    requests: list[Asked] = field(default_factory=list)
    left: threading.Event = field(default_factory=threading.Event)

    def base_url(self, kind: str) -> str:
        """Return the address that a model of a kind has here."""
        return self.url if kind == "anthropic" else f"{self.url}/v1"


@contextmanager
def fake_models() -> Iterator[FakeModels]:
    """Run the server for a while."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    server.models = models = FakeModels(f"http://127.0.0.1:{server.server_port}")  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield models
    finally:
        server.shutdown()
        server.server_close()


def openai_events(*pieces: str, finish: str | None = "stop", usage: tuple[int, int] | None = (11, 7)) -> list[bytes]:
    """Return a stream of chat.completions, event by event."""
    base = {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1, "model": "m"}

    def event(delta: dict[str, Any], finish_reason: str | None = None) -> bytes:
        choice = {"index": 0, "delta": delta, "finish_reason": finish_reason}
        return data({**base, "choices": [choice]})

    events = [event({"role": "assistant", "content": ""}), *(event({"content": piece}) for piece in pieces)]
    if finish:
        events.append(event({}, finish))
    if usage:
        counted = {"prompt_tokens": usage[0], "completion_tokens": usage[1], "total_tokens": sum(usage)}
        events.append(data({**base, "choices": [], "usage": counted}))
    return [*events, b"data: [DONE]\n\n"]


def anthropic_events(*pieces: str, finish: str | None = "end_turn", usage: tuple[int, int] = (11, 7)) -> list[bytes]:
    """Return a stream of messages, event by event."""
    message: dict[str, Any] = {
        "id": "msg_1", "type": "message", "role": "assistant", "model": "m", "content": [], "stop_reason": None,
        "stop_sequence": None, "usage": {"input_tokens": usage[0], "output_tokens": 1},
    }  # fmt: skip
    start = {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}}
    events = [
        named("message_start", {"type": "message_start", "message": message}),
        named("content_block_start", start),
    ]
    events.append(named("ping", {"type": "ping"}))
    for piece in pieces:
        delta = {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": piece}}
        events.append(named("content_block_delta", delta))
    if finish:
        events.append(named("content_block_stop", {"type": "content_block_stop", "index": 0}))
        delta = {"stop_reason": finish, "stop_sequence": None}
        events.append(
            named("message_delta", {"type": "message_delta", "delta": delta, "usage": {"output_tokens": usage[1]}})
        )
        events.append(named("message_stop", {"type": "message_stop"}))
    return events


def events_of(kind: str, *pieces: str, **options: Any) -> list[bytes]:
    """Return a stream in the format of a kind of provider."""
    return anthropic_events(*pieces, **options) if kind == "anthropic" else openai_events(*pieces, **options)


def data(body: Any) -> bytes:
    """Return an event without a name."""
    return b"data: " + json.dumps(body).encode() + b"\n\n"


def named(event: str, body: Any) -> bytes:
    """Return an event with a name."""
    return b"event: " + event.encode() + b"\n" + data(body)


def stream(events: list[bytes], content_type: str = "text/event-stream; charset=utf-8") -> Behaviour:
    """Send events, then the end."""

    def behave(handler: Handler) -> None:
        handler.head(200, content_type)
        for event in [*events, b""]:
            handler.chunk(event)

    return behave


def whole(status: int, body: bytes, content_type: str = "application/json", **headers: str) -> Behaviour:
    """Send an answer at once."""

    def behave(handler: Handler) -> None:
        handler.head(status, content_type, **headers)
        for piece in (body, b"") if body else (b"",):
            handler.chunk(piece)

    return behave


def refusal(status: int, type_: str, message: str, **headers: str) -> Behaviour:
    """Send an error as both providers write it."""
    error = {"type": type_, "message": message, "code": type_, "param": None}
    return whole(status, json.dumps({"type": "error", "error": error}).encode(), **headers)


def silence(handler: Handler) -> None:
    """Never answer."""
    handler.wait_until_left()


def then_silence(events: list[bytes]) -> Behaviour:
    """Send some events, then nothing any more."""

    def behave(handler: Handler) -> None:
        handler.head(200, "text/event-stream")
        for event in events:
            handler.chunk(event)
        handler.wait_until_left()

    return behave


def then_reset(events: list[bytes]) -> Behaviour:
    """Send some events, then break the connection off."""

    def behave(handler: Handler) -> None:
        handler.head(200, "text/event-stream")
        for event in events:
            handler.chunk(event)
        handler.reset()

    return behave
