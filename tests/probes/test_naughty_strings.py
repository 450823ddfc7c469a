"""Naughty strings in every text field of the API come back to the letter, or are refused with a reason."""

import json
import os
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from django.urls import Resolver404, resolve

from tests.probes.operations import PLACE, Operation, fields_of, operations, with_value
from tests.probes.places import Place, known_values
from tests.probes.report import REPORT
from tests.probes.sending import Probe, own_body, send
from tests.probes.world import World, rolled_back

pytestmark = pytest.mark.all_probes
FOLDER = Path(os.environ.get("CHARLA_DATASETS", ""), "bad_input")
OWN = [
    "",
    " ",
    "a\u0000b",
    "\ud800",
    "  a  ",
    "ﷺ" * 3,
    "\u202eabc",
    "a\r\nb",
    "0",
    "null",
    "İ",
    "ﬁ",
    "e\u0301",
    "👩‍👩‍👧",
    "a" * 5000,
]
# Chosen freely by nobody: another form of them means the same thing and is stored in one form. No agent: the usual one.
ONE_FORM = {"email", "timezone", "agent"}
# What people say to each other.
TO_THE_LETTER = {"content"}

WRITING = [one for one in operations() if one.media_type == "application/json" and one.body]


@cache
def naughty_strings() -> list[str]:
    """Return a few strings of our own, and the data set's when it is there."""
    if not FOLDER.is_dir():
        return OWN
    entries = json.loads((FOLDER / "blns.json").read_text(encoding="utf-8"))
    return [*OWN, *(entry if isinstance(entry, str) else entry["text"] for entry in entries)]


def text_fields(operation: Operation) -> Iterator[tuple[str, ...]]:
    """Yield the way to every field that takes free text."""
    for way, part in fields_of(operation.body):
        types = part.get("type", "")
        if "string" in types and not {"enum", "format", "const"} & part.keys():
            yield way


def forms_of(text: str, name: str) -> set[str]:
    """Return the forms in which a text may come back: names and the like lose the blanks around them."""
    return {text} if name in TO_THE_LETTER else {text, text.strip()}


def at(body: Any, way: tuple[str, ...]) -> Any:
    """Return what stands at the end of a way; None where there is none."""
    for name in way:
        body = body.get(name) if isinstance(body, dict) else None
    return body


def read_again(world: World, operation: Operation, made: Any, path: tuple[tuple[str, str], ...]) -> Any:
    """Return the row as it is read afterwards, where there is a way to ask for it."""
    url = Probe(operation, "owner", path).url()
    key = next((made[name] for name in ("id", "chat_id") if isinstance(made, dict) and name in made), None)
    for address in (url, f"{url}{key}/"):
        try:
            resolve(address)
        except Resolver404:
            continue
        answer = world.callers["owner"].get(address)
        body = answer.json() if answer.status_code == 200 and "json" in answer["Content-Type"] else None
        if isinstance(body, dict) and "results" not in body and PLACE.search(operation.path + "{id}"):
            return body
    return None


@pytest.mark.parametrize("operation", WRITING, ids=str)
def test_a_naughty_string_comes_back_to_the_letter_or_is_refused(
    world: World, places: dict[str, Place], operation: Operation
) -> None:
    path, wrong = known_values(operation, places), []
    for way in text_fields(operation):
        for text in naughty_strings():
            REPORT.add("naughty strings sent")
            with rolled_back():
                body = with_value(own_body(operation), way, text)
                answer = send(world, Probe(operation, "owner", path, body=body))
                if answer.status >= 300:
                    if answer.status >= 500 or '"errors"' not in answer.text:
                        wrong.append(f"{way}: {text!r} answered {answer.status} {answer.text[:200]}")
                    continue
                shown = json.JSONDecoder().raw_decode(answer.text)[0] if answer.text[:1] in "{[" else None
                for seen in (shown, read_again(world, operation, shown, path)):
                    kept = at(seen, way)
                    if isinstance(kept, str) and kept not in forms_of(text, way[-1]) and way[-1] not in ONE_FORM:
                        wrong.append(f"{way}: {text[:60]!r} came back as {kept[:60]!r}")
    assert wrong == []
