"""Endpoints of other systems on loopback, that behave as badly as they are told to; and a clock that can be moved."""

import json
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from django.db import connections, transaction

from notifications.models import WebhookEndpoint
from notifications.services import sending
from notifications.services.deliveries import deliver, gave_up
from notifications.services.events import record_event
from notifications.services.webhooks import create_endpoint
from tenants.models import TenantModel, WorkItem
from tenants.scope import in_tenant
from tenants.services.sweeping import sweep_once
from tenants.services.work import WORK_KINDS, WorkKind

LOOPBACK = ["127.0.0.0/8", "::1/128"]


@dataclass
class Heard:
    """One call that a receiver got."""

    headers: dict[str, str]
    text: str
    at: float = field(default_factory=time.time)

    @property
    def id(self) -> str:
        """Return the call's webhook-id."""
        return self.headers["webhook-id"]

    @property
    def body(self) -> Any:
        """Return the call's body."""
        return json.loads(self.text)


@dataclass
class Receiver:
    """An endpoint: how it behaves now, every call it got, and those that it took."""

    behaves: str = "well"
    calls: list[Heard] = field(default_factory=list)
    taken: list[Heard] = field(default_factory=list)
    answer: bytes = b"thank you"
    hangs_for: float = 3.0
    server: ThreadingHTTPServer | None = None

    @property
    def url(self) -> str:
        """Return its address."""
        assert self.server is not None
        return f"http://127.0.0.1:{self.server.server_address[1]}/hook"

    @property
    def things(self) -> list[str]:
        """Return the objects of the events that it took."""
        return [heard.body["data"]["id"] for heard in self.taken]


STATUS = {"well": 200, "failing": 500, "gone": 410, "asking for time": 429, "refusing": 400}


def _handler(receiver: Receiver) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            """Take a call, or misbehave."""
            text = self.rfile.read(int(self.headers["Content-Length"])).decode()
            heard = Heard({name.lower(): value for name, value in self.headers.items()}, text)
            receiver.calls.append(heard)
            self.close_connection = True
            misbehaviour: Callable[[], None] | None = getattr(self, f"_{receiver.behaves.replace(' ', '_')}", None)
            if misbehaviour is not None:
                return misbehaviour()
            if receiver.behaves == "well":
                receiver.taken.append(heard)
            self.send_response(STATUS[receiver.behaves])
            if receiver.behaves == "asking for time":
                self.send_header("Retry-After", "7200")
            self.send_header("Content-Length", str(len(receiver.answer)))
            self.end_headers()
            self.wfile.write(receiver.answer)
            return None

        def _hanging(self) -> None:
            time.sleep(receiver.hangs_for)

        def _resetting(self) -> None:
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.connection.close()

        def _redirecting(self) -> None:
            self.send_response(307)
            self.send_header("Location", receiver.url.replace("/hook", "/elsewhere"))
            self.send_header("Content-Length", "0")
            self.end_headers()

        def _failing_at_length(self) -> None:
            self.send_response(500)
            self.send_header("Content-Length", "2000000")
            self.end_headers()
            self.wfile.write(b"x" * 2_000_000)

        def _dripping(self) -> None:
            self.send_response(200)
            self.send_header("Content-Length", "1000")
            self.end_headers()
            for _second in range(30):
                self.wfile.write(b"x")
                self.wfile.flush()
                time.sleep(0.1)

        def log_message(self, *args: Any) -> None:
            """Say nothing."""

    return Handler


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, *args: Any) -> None:
        """A caller who goes away is what these tests are about."""


@contextmanager
def receiving(behaves: str = "well") -> Iterator[Receiver]:
    """Open an endpoint on loopback for a while."""
    receiver = Receiver(behaves)
    receiver.server = _Server(("127.0.0.1", 0), _handler(receiver))
    threading.Thread(target=receiver.server.serve_forever, args=(0.05,), daemon=True).start()
    try:
        yield receiver
    finally:
        receiver.server.shutdown()
        receiver.server.server_close()


@contextmanager
def delivering(*, total_seconds: float = 1.0) -> Iterator[None]:
    """Deliver in this process as a worker would, with calls that end sooner than a worker's."""
    kept = sending.TOTAL_SECONDS
    sending.TOTAL_SECONDS = total_seconds
    sending.client_of_the_loop.cache_clear()
    try:
        with WORK_KINDS.lent(delivery=WorkKind(ring=deliver, run=deliver, died=gave_up)):
            yield
            settle_down()
    finally:
        sending.TOTAL_SECONDS = kept
        sending.client_of_the_loop.cache_clear()


def settle_down(seconds: float = 20) -> None:
    """Wait until no call is under way."""
    until, quiet = time.monotonic() + seconds, 0
    while quiet < 4 and time.monotonic() < until:
        busy = sending.slots.in_flight() or WorkItem.objects.filter(kind="delivery", state="leased").exists()
        quiet = 0 if busy else quiet + 1
        time.sleep(0.03)
    assert quiet == 4, "calls are still under way"


def endpoint_of(tenant: TenantModel, receiver: Receiver, *events: str) -> WebhookEndpoint:
    """Store an endpoint for a receiver."""
    with in_tenant(tenant):
        endpoint, _secret = create_endpoint(url=receiver.url, events=events or ("*",), by=None)
    return endpoint


def happen(tenant: TenantModel, *things: str, event_type: str = "chat.updated") -> None:
    """Let something happen to each of these, each in a transaction of its own."""
    for thing in things:
        with in_tenant(tenant):
            record_event(event_type, object_type="thing", object_id=thing)


def pass_time(seconds: float) -> None:
    """Move everything that waits so far into the past, then sweep and let what is due go out."""
    moved = f"- interval '{seconds} seconds'"
    for statement in (
        f"UPDATE tenants_workitem SET run_after = run_after {moved}, rung_at = rung_at {moved} WHERE state = 'ready'",
        f"UPDATE notifications_webhookdelivery SET next_attempt_at = next_attempt_at {moved},"
        f" created_at = created_at {moved}",
        f"UPDATE notifications_webhookendpoint SET blocked_until = blocked_until {moved},"
        f" failing_since = failing_since {moved}",
    ):
        # One by one: a transaction with all three could deadlock with an outcome that is being written.
        with transaction.atomic(using="operations"), connections["operations"].cursor() as cursor:
            cursor.execute(statement)
    sweep_once(grace_seconds=0)
    settle_down()
