"""Places outside where people are told: a chat service on loopback, and a worker's pass over what waits."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from django.utils import timezone

from notifications.services.telling import tell_outside
from tenants.models import TenantModel, WorkItem
from tenants.scope import tenant_scope


class Wall(ThreadingHTTPServer):
    """A chat service's incoming webhook."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), WallHandler)
        self.posted: list[dict[str, Any]] = []
        self.refusals = 0


class WallHandler(BaseHTTPRequestHandler):
    """Takes JSON."""

    server: Wall

    def do_POST(self) -> None:
        """Take one message, or refuse it."""
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        code = 200
        if self.server.refusals:
            self.server.refusals -= 1
            code = 503
        else:
            self.server.posted.append(body)
        self.send_response(code)
        self.end_headers()
        self.wfile.write(b"ok" if code == 200 else b"upstream is away")

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""


@contextmanager
def chat_service() -> Iterator[Wall]:
    """Open a chat service for a while."""
    server = Wall()
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()


def work_off(tenant: TenantModel) -> None:
    """Do all notification work that waits."""
    WorkItem.objects.filter(state="ready").update(run_after=timezone.now() - timedelta(minutes=1))
    references = list(WorkItem.objects.filter(kind="notification", state="ready").values_list("ref_id", flat=True))
    with tenant_scope(tenant):
        for reference in references:
            tell_outside(reference)
