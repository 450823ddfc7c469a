"""Every id in path, query, body and file is a neighbour's, for everybody, by every method: nothing leaks or changes."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.probes.operations import METHODS, Operation, fields_of, operations, with_value
from tests.probes.places import Place, known_values, place_prefixes
from tests.probes.sending import Probe, file_of, own_body, problems, status_of, unknown_like
from tests.probes.world import World

QUICK = ("owner", "key", "visitor")
each_operation = pytest.mark.parametrize("operation", operations(), ids=str)
# Places that take a secret: nobody's row is asked for by an id there.
SECRETS = {"token"}
# The installation's own rows, which are the operator's alone.
INSTALLATIONS = {"config_key"}


def callers(world: World, *, every: bool) -> list[str]:
    """Return who asks."""
    return list(world.callers) if every else list(QUICK)


def values_for(world: World, at: int, *, every: bool) -> list[str]:
    """Return what is put at the place of a number: by every third of a neighbour's names all are tried somewhere.

    A word that messages of both tenants hold is always among them, for places that search.
    """
    named = world.theirs.identifiers()
    return [*(named[at % 3 :: 3] if every else named[at % 9 :: 27]), "asks"]


def found(world: World, probes: Iterator[Probe]) -> list[str]:
    """Return everything that is wrong with the answers."""
    return [problem for probe in probes for problem in problems(world, probe)]


def test_every_place_of_a_path_has_a_row_of_ours(places: dict[str, Place]) -> None:
    wanted = {
        prefix for one in operations() for prefix, name in zip(place_prefixes(one), one.path_names, strict=True)
        if name not in SECRETS | INSTALLATIONS
    }  # fmt: skip
    missing = sorted(wanted - set(places))
    assert not missing, missing


@each_operation
def test_a_path_with_a_neighbours_id(
    world: World, places: dict[str, Place], operation: Operation, every_probe: bool
) -> None:
    def probes() -> Iterator[Probe]:
        body = own_body(operation)
        for at, prefix in enumerate(place_prefixes(operation)):
            others = known_values(operation, places, but=at)
            same = places[prefix].neighbours if prefix in places else ()
            for caller in callers(world, every=every_probe):
                more = values_for(world, at, every=True) if every_probe and caller == "owner" else ()
                for value in dict.fromkeys((*same, *more)):
                    given = (*others, (operation.path_names[at], value.replace("/", "-")))
                    yield Probe(operation, caller, given, body=body)

    assert found(world, probes()) == []


@each_operation
def test_a_neighbours_row_answers_as_one_that_never_was(
    world: World, places: dict[str, Place], operation: Operation
) -> None:
    differences = []
    for at, prefix in enumerate(place_prefixes(operation)):
        others, name = known_values(operation, places, but=at), operation.path_names[at]
        for value in places[prefix].neighbours[:2] if prefix in places else ():
            pair = [
                status_of(world, Probe(operation, "owner", (*others, (name, asked)), body=own_body(operation)))
                for asked in (value, unknown_like(value))
            ]
            if pair[0] != pair[1]:
                differences.append(f"{operation} at {name}={value}: {pair}")
    assert differences == []


@pytest.mark.parametrize("operation", {one.path: one for one in operations()}.values(), ids=str)
def test_every_method_at_a_neighbours_path(
    world: World, places: dict[str, Place], operation: Operation, every_probe: bool
) -> None:
    def probes() -> Iterator[Probe]:
        prefixes = place_prefixes(operation)
        if not prefixes or prefixes[-1] not in places:
            return
        others = known_values(operation, places, but=len(prefixes) - 1)
        for value in places[prefixes[-1]].neighbours[:1]:
            for caller in callers(world, every=every_probe)[: None if every_probe else 1]:
                for method in (*METHODS, "head", "options"):
                    yield Probe(operation, caller, (*others, (operation.path_names[-1], value)), method=method)

    assert found(world, probes()) == []


@each_operation
def test_a_query_with_a_neighbours_id(
    world: World, places: dict[str, Place], operation: Operation, every_probe: bool
) -> None:
    def probes() -> Iterator[Probe]:
        for at, name in enumerate(operation.query_names):
            for caller in callers(world, every=every_probe):
                values = values_for(world, at, every=every_probe and caller == "owner")
                for value in values if caller == "owner" else values[:1]:
                    yield Probe(operation, caller, known_values(operation, places), ((name, value),))

    assert found(world, probes()) == []


@each_operation
def test_a_body_with_a_neighbours_id(
    world: World, places: dict[str, Place], operation: Operation, every_probe: bool
) -> None:
    path = known_values(operation, places)
    wrong: list[str] = []
    for at, (way, part) in enumerate(fields_of(operation.body)):
        for number, value in enumerate(values_for(world, at, every=every_probe)):
            given: Any = int(value) if part.get("type") == "integer" and value.isdecimal() else value
            body = with_value(own_body(operation), way, [given] if part.get("type") == "array" else given)
            for caller in world.callers if every_probe and number == 0 else ("owner",):
                wrong += problems(world, Probe(operation, caller, path, body=body))
    assert wrong == []


@each_operation
def test_a_neighbours_row_is_not_accepted_where_an_unknown_one_is_refused(
    world: World, places: dict[str, Place], operation: Operation, every_probe: bool
) -> None:
    path, crossed = known_values(operation, places), []
    keys = [rows[0].pk for rows in world.theirs.rows.values()] + [world.theirs.id, world.theirs.owner.pk]
    for way, part in fields_of(operation.body):
        if "uuid" not in str(part) and not way[-1].endswith("_id"):
            continue
        for value in map(str, keys if every_probe else keys[::5]):
            wrapped: list[Any] = (
                [[value], [unknown_like(value)]] if part.get("type") == "array" else [value, unknown_like(value)]
            )
            theirs, unknown = (
                status_of(world, Probe(operation, "owner", path, body=with_value(own_body(operation), way, one)))
                for one in wrapped
            )
            if theirs < 300 <= unknown:
                crossed.append(f"{operation}: {way} took {value}")
    assert crossed == []


@each_operation
def test_a_file_with_a_neighbours_ids(
    world: World, places: dict[str, Place], operation: Operation, every_probe: bool
) -> None:
    if operation.media_type != "multipart/form-data":
        return
    path = known_values(operation, places)
    wrong: list[str] = []
    for ending in ("csv", "json", "jsonl", "xml", "md", "html", "txt")[: None if every_probe else 2]:
        for caller in ("owner", "key", "visitor"):
            body = own_body(operation, upload=file_of(world, ending))
            wrong += problems(world, Probe(operation, caller, path, body=body))
    assert wrong == []


@each_operation
def test_fields_that_nobody_offered_change_nothing(
    world: World, places: dict[str, Place], operation: Operation, every_probe: bool
) -> None:
    if operation.body is None or operation.media_type != "application/json":
        return
    path = known_values(operation, places)
    wrong: list[str] = []
    own = own_body(operation)
    roles = callers(world, every=True) if every_probe else ["agent"]
    for values in list(world.unoffered())[: None if every_probe else 2]:
        body = {**values, **own} if isinstance(own, dict) else values
        for role in roles:
            wrong += problems(world, Probe(operation, role, path, body=body))
    assert wrong == []
