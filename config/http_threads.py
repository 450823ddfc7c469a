"""Django's HTTP on the threads of one pool, inside an ASGI server.

Django's own ASGI handler starts a thread and takes a database connection for every request; here requests share a few
threads, as under a WSGI server. A body is read before a thread is taken, so slow senders hold none; what streams gets
a thread of its own, so that it may think in peace. Measured in benchmarks/README.md.
"""

import asyncio
import contextvars
import sys
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from tempfile import SpooledTemporaryFile
from typing import IO, Any
from wsgiref.util import FileWrapper

from cachetools import TTLCache

from tenants.turns import Turns

Message = dict[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
WSGIApplication = Callable[..., Any]

IN_MEMORY = 1 << 20
BLOCK = 1 << 18
LARGEST_BODY = 32 << 20  # the largest upload has 10 MB
TENANT = "charla.tenant"  # where the application says in a request's environ for whom it was
CREDENTIALS = ("HTTP_AUTHORIZATION", "HTTP_COOKIE")
REMEMBERED, REMEMBERED_SECONDS = 50_000, 600
TOO_LARGE = (
    b'{"type": "client_error", "errors": [{"code": "too_large", "detail": "The body is too large.", "attr": null}]}'
)
TOO_LARGE_HEADERS = [(b"content-type", b"application/json"), (b"connection", b"close")]
_END: Any = object()


class BodyTooLargeError(Exception):
    """More was sent than any path takes."""


class FileBlocks(FileWrapper):
    """Reads a file in blocks that are worth a change of threads."""

    def __init__(self, file: Any, size: int = BLOCK) -> None:
        super().__init__(file, max(size, BLOCK))


class HTTPThreads:
    """An ASGI application for HTTP that runs a WSGI one."""

    def __init__(self, application: WSGIApplication, threads: int) -> None:
        self.application = application
        self.pool = ThreadPoolExecutor(threads, thread_name_prefix="http")
        self.turns = Turns(threads)
        self.tenants: TTLCache[int, Any] = TTLCache(REMEMBERED, REMEMBERED_SECONDS)

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Answer one request."""
        try:
            body = await read_body(receive)
        except BodyTooLargeError:
            await send({"type": "http.response.start", "status": 413, "headers": TOO_LARGE_HEADERS})
            await send({"type": "http.response.body", "body": TOO_LARGE})
            return
        if body is None:
            return
        run = contextvars.copy_context().run
        loop = asyncio.get_running_loop()
        started: list[Message] = []
        environ = environ_of(scope, body)
        credential = hash(tuple(environ.get(name) for name in CREDENTIALS))
        async with self.turns.of(self.tenants.get(credential)):
            answer = await loop.run_in_executor(self.pool, run, self._begin, environ, started)
        if TENANT in environ:
            self.tenants[credential] = environ[TENANT]
        await send(started[0])
        if isinstance(answer, bytes):
            await send({"type": "http.response.body", "body": answer})
        elif isinstance(answer, FileBlocks):
            await send_stream(answer, self.pool, run, receive, send)
        else:
            own = ThreadPoolExecutor(1, thread_name_prefix="stream")
            try:
                await send_stream(answer, own, run, receive, send)
            finally:
                own.shutdown(wait=False)

    def _begin(self, environ: Message, started: list[Message]) -> Any:
        """Run the application; return the whole body, or what it streams."""

        def start_response(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> None:
            encoded = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers]
            started.append({"type": "http.response.start", "status": int(status[:3]), "headers": encoded})

        response = self.application(environ, start_response)
        if getattr(response, "streaming", True):
            return response
        try:
            return b"".join(response)
        finally:
            response.close()


async def send_stream(response: Any, threads: Executor, run: Any, receive: Receive, send: Send) -> None:
    """Send piece by piece as they are made, until the end or until nobody listens any more."""
    loop = asyncio.get_running_loop()
    gone = asyncio.ensure_future(receive())
    try:
        pieces: Iterator[bytes] = iter(response)
        while not gone.done():
            piece = await loop.run_in_executor(threads, run, next, pieces, _END)
            if piece is _END:
                await send({"type": "http.response.body", "body": b""})
                return
            await send({"type": "http.response.body", "body": piece, "more_body": True})
    finally:
        gone.cancel()
        await loop.run_in_executor(threads, run, response.close)


async def read_body(receive: Receive) -> IO[bytes] | None:
    """Return the body, a large one on disk; None when the sender went away before its end.

    Raises BodyTooLargeError as soon as there is more than any path takes: it is stored before anybody asks who sends.
    """
    body: IO[bytes] = SpooledTemporaryFile(IN_MEMORY)  # noqa: SIM115 - it lives as long as the request
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            body.close()
            return None
        body.write(message.get("body", b""))
        if body.tell() > LARGEST_BODY:
            body.close()
            raise BodyTooLargeError
        if not message.get("more_body", False):
            return body


def environ_of(scope: Message, body: IO[bytes]) -> Message:
    """Return a request as WSGI has it (PEP 3333)."""
    server, port = scope.get("server") or ("localhost", 80)
    client = scope.get("client") or ("", 0)
    environ: Message = {
        "REQUEST_METHOD": scope["method"],
        "SCRIPT_NAME": scope.get("root_path", ""),
        "PATH_INFO": scope["path"].encode().decode("latin-1"),
        "QUERY_STRING": scope["query_string"].decode("latin-1"),
        "SERVER_PROTOCOL": f"HTTP/{scope['http_version']}",
        "SERVER_NAME": server,
        "SERVER_PORT": str(port or 0),
        "REMOTE_ADDR": client[0],
        "REMOTE_PORT": str(client[1]),
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": scope.get("scheme", "http"),
        "wsgi.input": body,
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
        "wsgi.file_wrapper": FileBlocks,
    }
    for raw_name, raw_value in scope["headers"]:
        name, value = raw_name.decode("latin-1").upper(), raw_value.decode("latin-1")
        if "_" in name:
            continue  # X_Forwarded_For would pass for X-Forwarded-For
        key = name.replace("-", "_") if name in ("CONTENT-TYPE", "CONTENT-LENGTH") else f"HTTP_{name.replace('-', '_')}"
        joint = "; " if key == "HTTP_COOKIE" else ","
        environ[key] = f"{environ[key]}{joint}{value}" if key in environ else value
    environ["CONTENT_LENGTH"] = str(body.tell())  # also of a body that came in chunks
    body.seek(0)
    return environ
