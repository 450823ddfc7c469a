"""Django's HTTP on a pool of threads inside the ASGI server."""

import asyncio
import io
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from asgiref.testing import ApplicationCommunicator
from django.core.handlers.wsgi import WSGIHandler
from django.http import FileResponse, HttpRequest, HttpResponse, JsonResponse, StreamingHttpResponse
from django.test import override_settings
from django.urls import path

from config.http_threads import BLOCK, HTTPThreads

closed: list[str] = []


def echo(request: HttpRequest) -> HttpResponse:
    """Tell what arrived."""
    seen = {name: request.META.get(name) for name in ("HTTP_X_REAL", "HTTP_COOKIE", "CONTENT_LENGTH", "REMOTE_ADDR")}
    return JsonResponse({**seen, "path": request.path, "body": request.body.decode(), "method": request.method})


def streamed(request: HttpRequest) -> StreamingHttpResponse:
    """Send pieces without end."""

    def pieces() -> Iterator[str]:
        try:
            while True:
                yield threading.current_thread().name
        finally:
            closed.append("stream")

    return StreamingHttpResponse(pieces())


def file(request: HttpRequest) -> FileResponse:
    """Send a file that is larger than a block."""
    return FileResponse(io.BytesIO(b"x" * (BLOCK + 1)))


def broken(request: HttpRequest) -> HttpResponse:
    """Fail."""
    raise ValueError("broken")


urlpatterns = [path("echo/ñ/", echo), path("streamed/", streamed), path("file/", file), path("broken/", broken)]


@pytest.fixture
def application() -> Iterator[HTTPThreads]:
    """Django behind two threads, with these views and no middleware."""
    with override_settings(ROOT_URLCONF=__name__, MIDDLEWARE=[], ALLOWED_HOSTS=["*"]):
        yield HTTPThreads(WSGIHandler(), threads=2)


def call(application: HTTPThreads, url: str, method: str = "GET", headers: Any = ()) -> ApplicationCommunicator:
    """Begin a request."""
    scope = {
        "type": "http", "http_version": "1.1", "method": method, "path": url, "query_string": b"", "scheme": "http",
        "headers": [(b"host", b"testserver"), *headers], "server": ("testserver", 80), "client": ("192.0.2.7", 1),
    }  # fmt: skip
    return ApplicationCommunicator(application, scope)


async def answer_of(asked: ApplicationCommunicator, *parts: bytes) -> tuple[int, bytes]:
    """Send the body in parts and return the status and the whole answer."""
    for number, part in enumerate(parts or (b"",)):
        more = number + 1 < len(parts)
        await asked.send_input({"type": "http.request", "body": part, "more_body": more})
    start = await asked.receive_output(5)
    body = b""
    while True:
        piece = await asked.receive_output(5)
        body += piece["body"]
        if not piece.get("more_body"):
            return start["status"], body


async def test_a_request_arrives_whole(application: HTTPThreads) -> None:
    headers = [
        (b"x-real", b"one"),
        (b"x-real", b"two"),
        (b"x_real", b"forged"),
        (b"cookie", b"a=1"),
        (b"cookie", b"b=2"),
    ]
    status, body = await answer_of(call(application, "/echo/ñ/", "POST", headers), b"in ", b"two parts")
    assert status == 200
    assert JsonResponse({
        "HTTP_X_REAL": "one,two", "HTTP_COOKIE": "a=1; b=2", "CONTENT_LENGTH": "12", "REMOTE_ADDR": "192.0.2.7",
        "path": "/echo/ñ/", "body": "in two parts", "method": "POST",
    }).content == body  # fmt: skip


async def test_a_sender_who_leaves_takes_no_thread(application: HTTPThreads) -> None:
    asked = call(application, "/echo/ñ/", "POST")
    await asked.send_input({"type": "http.request", "body": b"half", "more_body": True})
    await asked.send_input({"type": "http.disconnect"})
    await asked.wait(5)
    assert await asked.receive_nothing()


async def test_a_body_without_end_is_refused_before_it_fills_the_disk(
    application: HTTPThreads, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("config.http_threads.LARGEST_BODY", 10)
    asked = call(application, "/echo/ñ/", "POST")
    await asked.send_input({"type": "http.request", "body": b"x" * 11, "more_body": True})
    assert (await asked.receive_output(5))["status"] == 413
    assert b"too_large" in (await asked.receive_output(5))["body"]


async def test_what_streams_arrives_piece_by_piece_on_a_thread_of_its_own(application: HTTPThreads) -> None:
    closed.clear()
    asked = call(application, "/streamed/")
    await asked.send_input({"type": "http.request", "body": b""})
    assert (await asked.receive_output(5))["status"] == 200
    names = {(await asked.receive_output(5))["body"] for _ in range(3)}
    assert len(names) == 1
    assert names.pop().startswith(b"stream")
    await asked.send_input({"type": "http.disconnect"})
    await asked.wait(5)
    assert closed == ["stream"]


async def test_streams_leave_the_threads_to_others(application: HTTPThreads) -> None:
    streams = [call(application, "/streamed/") for _ in range(4)]
    for stream in streams:
        await stream.send_input({"type": "http.request", "body": b""})
        await stream.receive_output(5)
    assert (await answer_of(call(application, "/echo/ñ/")))[0] == 200
    for stream in streams:
        await stream.send_input({"type": "http.disconnect"})
        await stream.wait(5)


async def test_files_and_errors_arrive(application: HTTPThreads) -> None:
    status, body = await answer_of(call(application, "/file/"))
    assert (status, len(body)) == (200, BLOCK + 1)
    with override_settings(DEBUG_PROPAGATE_EXCEPTIONS=False):
        assert (await answer_of(call(application, "/broken/")))[0] == 500


async def test_more_requests_than_threads_are_all_answered(application: HTTPThreads) -> None:
    answers = await asyncio.gather(*(answer_of(call(application, "/echo/ñ/")) for _ in range(20)))
    assert {status for status, _body in answers} == {200}
