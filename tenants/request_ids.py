"""The id of a request, from its answer's X-Request-Id through its log lines, work rows and tasks (api.md)."""

import re
import uuid
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final

import structlog

NAME: Final = "request_id"
GIVEN: Final = re.compile(r"[A-Za-z0-9_.:-]{1,64}")
HEADER: Final = b"x-request-id"
Message = dict[str, Any]
Application = Callable[..., Awaitable[None]]


def request_id_of(given: str) -> str:
    """Return the id that a caller gave, or a new one when it gave none that fits into a log line."""
    return given if GIVEN.fullmatch(given) else uuid.uuid4().hex


def current_request_id() -> str:
    """Return the id of the request, or of the one whose work this is; empty where nobody asked for it."""
    return str(structlog.contextvars.get_contextvars().get(NAME, ""))


@contextmanager
def in_request(request_id: str) -> Iterator[None]:
    """Do what a request wanted, under its id; an empty one changes nothing."""
    if not request_id:
        yield
        return
    with structlog.contextvars.bound_contextvars(**{NAME: request_id}):
        yield


class RequestIdSockets:
    """An ASGI application for sockets: each has an id (or the caller's) in its log lines, work rows and answer."""

    def __init__(self, application: Application) -> None:
        self.application = application

    async def __call__(self, scope: Message, receive: Callable[[], Awaitable[Message]], send: Any) -> None:
        """Serve one socket."""
        given = next((value.decode("latin-1") for name, value in scope.get("headers", []) if name == HEADER), "")
        request_id = request_id_of(given)

        async def send_with_id(message: Message) -> None:
            if message["type"] == "websocket.accept":
                message = {**message, "headers": [*message.get("headers", []), (HEADER, request_id.encode())]}
            await send(message)

        structlog.contextvars.bind_contextvars(**{NAME: request_id})
        await self.application(scope, receive, send_with_id)
