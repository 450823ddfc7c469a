"""Which row of ours answers at each place of a path: found by asking, so that a new route needs no line here."""

from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import cache

from django.urls import Resolver404, resolve

from agents.models import AIModel
from tenants.scope import all_tenants
from tests.probes.operations import METHODS, PLACE, Operation, operations
from tests.probes.sending import Probe, own_body, status_of, unknown_like
from tests.probes.world import World


@dataclass(frozen=True)
class Place:
    """A value of ours that answers at a place of a path, and the neighbour's values of the same kind."""

    value: str
    neighbours: tuple[str, ...]
    what: str = ""

    def likeness(self, prefix: str) -> float:
        """Return how well what the value names goes with the words of a path."""
        words = [word.strip("{}").removesuffix("_id").removesuffix("s") for word in prefix.split("/") if word][-2:]
        return max(SequenceMatcher(None, word.replace("-", " "), self.what).ratio() for word in words)


def candidates(world: World) -> list[Place]:
    """Return every value of ours that a path may ask for."""
    ours, theirs = world.ours, world.theirs
    found = [
        Place(str(ours.id), (str(theirs.id),), "tenant"),
        Place(ours.row.name, (theirs.row.name,), "tenant"),
        Place(str(world.people[-1]), (str(theirs.owner.pk),), "user"),
    ]
    for model in ours.rows:
        counterparts = tuple(theirs.of_model(model))
        found += [Place(name, counterparts, str(model._meta.verbose_name)) for name in ours.of_model(model)]
    with all_tenants():
        found += [Place(str(key), (), "ai model") for key in AIModel.objects.values_list("pk", flat=True)[:1]]
    return found


@cache
def prefixes() -> tuple[tuple[str, Operation], ...]:
    """Return every path up to one of its places, the shortest first, with the operation to ask it by."""
    found: dict[str, Operation] = {}
    ordered = sorted(operations(), key=lambda one: (len(one.path), METHODS.index(one.method)))
    for operation in ordered:
        for match in PLACE.finditer(operation.path):
            found.setdefault(operation.path[: match.end() + 1], operation)
    return tuple(found.items())


def find_places(world: World, caller: str = "owner") -> dict[str, Place]:
    """Return, for each path up to a place, the value of ours at which it answers otherwise than at an unknown one."""
    found: dict[str, Place] = {}
    every = candidates(world)
    for prefix, operation in prefixes():
        names = PLACE.findall(prefix)
        if len(operation.path_names) > len(names):
            continue
        known = known_values(operation, found)
        body = own_body(operation)
        missing: dict[str, int] = {}
        for place in sorted(every, key=lambda one: -one.likeness(prefix)):
            if not is_path(operation, (*known, (names[-1], place.value))):
                continue
            shape = unknown_like(place.value)[:9]
            if shape not in missing:
                asked = (*known, (names[-1], unknown_like(place.value)))
                missing[shape] = status_of(world, Probe(operation, caller, asked, body=body))
            status = status_of(world, Probe(operation, caller, (*known, (names[-1], place.value)), body=body))
            if status not in {missing[shape], 404, 405}:
                found[prefix] = place
                break
    return found


def is_path(operation: Operation, values: tuple[tuple[str, str], ...]) -> bool:
    """Tell whether the values fit the places' forms at all."""
    try:
        resolve(Probe(operation, "", values).url())
    except Resolver404:
        return False
    return True


def known_values(operation: Operation, places: dict[str, Place], *, but: int = -1) -> tuple[tuple[str, str], ...]:
    """Return our values for an operation's places, as far as they are known; one place may be left out."""
    return tuple(
        (match[1], places[prefix].value)
        for at, match in enumerate(PLACE.finditer(operation.path))
        if at != but and (prefix := operation.path[: match.end() + 1]) in places
    )


def place_prefixes(operation: Operation) -> list[str]:
    """Return an operation's path up to each of its places."""
    return [operation.path[: match.end() + 1] for match in PLACE.finditer(operation.path)]
