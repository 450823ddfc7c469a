"""Sends one probe and says what is wrong with the answer."""

import json
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from http.cookies import SimpleCookie
from typing import Any, Final
from urllib.parse import urlencode
from uuid import uuid4

from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connections
from rest_framework.test import APIClient

from tests.probes.operations import Operation, example_of
from tests.probes.report import REPORT, outcome_of
from tests.probes.world import IN_THE_KNOW, World, rolled_back

JSON: Final = "application/json"
WRITES: Final = ("INSERT", "UPDATE", "DELETE", "WITH", "SELECT CHARLA")


def unknown_like(value: str) -> str:
    """Return a value of the same form that names nothing."""
    if value.isdecimal():
        return "987654321012"
    if "@" in value:
        return "nobody-of-that-name@example.org"
    return str(uuid4()) if len(value) == 36 and value.count("-") == 4 else f"nothing-of-that-name-{uuid4().hex[:6]}"


@dataclass(frozen=True)
class Probe:
    """One request of a caller, made from an operation with values at its places."""

    operation: Operation
    caller: str
    path: tuple[tuple[str, str], ...] = ()
    query: tuple[tuple[str, str], ...] = ()
    body: Any = None
    method: str = ""

    def __str__(self) -> str:
        return f"{self.caller}: {self.method or self.operation.method} {self.url()} {str(self.body)[:150]}"

    def url(self) -> str:
        """Return the address with its values."""
        url = self.operation.path
        for name, value in self.path:
            url = url.replace(f"{{{name}}}", value)
        return f"{url}?{urlencode(self.query)}" if self.query else url


@dataclass(frozen=True)
class Answer:
    """What came back, and whether anything was written to get there."""

    status: int
    text: str
    wrote: bool


class WriteWatch:
    """Notices statements that change rows."""

    def __init__(self) -> None:
        self.wrote = False

    def __call__(self, execute: Any, sql: Any, params: Any, many: bool, context: Any) -> Any:
        """Run the statement."""
        self.wrote = self.wrote or str(sql).lstrip().upper().startswith(WRITES)
        return execute(sql, params, many, context)


def send(world: World, probe: Probe) -> Answer:
    """Send a probe; what it does is not undone here."""
    client: APIClient = world.callers[probe.caller]
    method, watch = probe.method or probe.operation.method, WriteWatch()
    values: dict[str, Any] = {"HTTP_HOST": "localhost"}
    if method not in {"get", "head"}:
        is_form = probe.operation.media_type == "multipart/form-data"
        # JSON is written here: half of a surrogate pair travels as the escape that it is for whoever sends it.
        values |= _parts(probe.body) if is_form else {"data": json.dumps(probe.body), "content_type": JSON}
    cookies = client.cookies.output()  # a log-out is undone in the database, and here
    with connections["default"].execute_wrapper(watch), connections["operations"].execute_wrapper(watch):
        answer = getattr(client, method)(probe.url(), **values)
    client.cookies = SimpleCookie(cookies.replace("Set-Cookie: ", "").replace("\r\n", "; "))
    content = b"".join(answer.streaming_content) if answer.streaming else answer.content
    heads = json.dumps(dict(answer.headers))
    return Answer(answer.status_code, content.decode("utf-8", "replace") + heads, watch.wrote)


def _parts(body: Any) -> dict[str, Any]:
    """Return a body as a form's parts; what is no text or file is written as JSON."""
    plain = str | SimpleUploadedFile
    parts = {name: part if isinstance(part, plain) else json.dumps(part) for name, part in (body or {}).items()}
    return {"data": parts, "format": "multipart"}


def problems(world: World, probe: Probe, wanted: Collection[int] | None = None) -> Iterator[str]:
    """Send a probe, undo it, and yield what it found: a leak, a write, an answer of 500 or one that is not wanted."""
    with rolled_back():
        answer = send(world, probe)
        REPORT.probe(probe.caller, outcome_of(answer.status))
        if outcome_of(answer.status) == "500s":
            yield f"{answer.status}: {probe}\n{answer.text[:300]}"
        if wanted is not None and answer.status not in wanted:
            yield f"{answer.status} is not wanted: {probe}"
        if found := leaked(world, probe, answer.text):
            REPORT.probe(probe.caller, "leaks")
            yield f"leak of {found} ({answer.status}): {probe}\n{answer.text[:400]}"
        if answer.wrote and not owns_by_name(probe) and world.fingerprint(probe.caller) != world.before[probe.caller]:
            REPORT.probe(probe.caller, "writes")
            yield f"write ({answer.status}): {probe}"
        if answer.wrote and world.privileges(probe.caller) != world.powers[probe.caller]:
            REPORT.probe(probe.caller, "writes")
            yield f"raised privileges ({answer.status}): {probe}"


def owns_by_name(probe: Probe) -> bool:
    """Tell whether the caller's own tenants are asked for, of which the neighbour is one: its owner may suspend it."""
    return probe.operation.segment == "tenants" and probe.caller in IN_THE_KNOW


def status_of(world: World, probe: Probe) -> int:
    """Send a probe, undo it, and return the answer's status."""
    with rolled_back():
        REPORT.add("requests by everybody at rows of their own tenant, or for comparison")
        return send(world, probe).status


def leaked(world: World, probe: Probe, text: str) -> str:
    """Return what an answer holds that only a neighbour knows; what was sent may come back."""
    sent = f"{probe.url()} {json.dumps(probe.body, default=str)}"
    for value in world.theirs.identifiers():
        if value in sent and len(value) > 8:
            text = text.replace(value, "")
    return next((secret for secret in world.secrets_from(probe.caller) if secret in text), "")


def file_of(world: World, ending: str) -> SimpleUploadedFile:
    """Return a file that names every row of the neighbour's, in a form that imports read."""
    named = world.theirs.identifiers()
    columns = ("id", "tenant", "tenant_id", "base", "document", "question", "answer")
    records = [dict.fromkeys(columns, name) for name in named]
    lines = {
        "csv": [",".join(columns), *(",".join([name] * len(columns)) for name in named)],
        "json": [json.dumps(records)],
        "jsonl": [json.dumps(record) for record in records],
        "xml": ["<items>", *(f"<item><question>{name}</question><answer>{name}</answer></item>" for name in named),
                "</items>"],
    }  # fmt: skip
    return SimpleUploadedFile(f"named.{ending}", "\n".join(lines.get(ending, named)).encode())


def own_body(operation: Operation, *, upload: SimpleUploadedFile | None = None) -> Any:
    """Return a body that fits the operation, nothing of a neighbour's in it; `upload` stands where a file does."""
    if operation.body is None:
        return None
    made = example_of(operation.body)
    if operation.media_type == "multipart/form-data":
        names = operation.body.get("properties", {})
        given = upload or SimpleUploadedFile("note.txt", b"text")
        return {name: given if "binary" in str(part) else example_of(part) for name, part in names.items()}
    if isinstance(made, dict) and "name" in made:
        return {**made, "name": f"{made['name']}-{uuid4().hex[:6]}"}
    return made
