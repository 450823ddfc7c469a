"""Every operation asked for by everybody: who may not is refused, who may is not."""

import pytest

from tests.probes.operations import Operation, operations
from tests.probes.places import Place, known_values
from tests.probes.rights import OPEN, may
from tests.probes.sending import Probe, own_body, problems, status_of
from tests.probes.world import World

each_operation = pytest.mark.parametrize("operation", operations(), ids=str)
CALLERS = (
    "nobody",
    "owner",
    "admin",
    "agent",
    "viewer",
    "key",
    "reading key",
    "speaking key",
    "visitor",
    "owner's session",
)
REFUSED = {401, 403}
LISTS_ONES_OWN = {"GET /api/v1/tenants/"}  # of which there are none


@each_operation
def test_who_may_not_is_refused_and_who_may_is_not(
    world: World, places: dict[str, Place], operation: Operation, every_probe: bool
) -> None:
    path, wrong = known_values(operation, places), []
    first = operations().index(operation) % 3
    for caller in CALLERS if every_probe else CALLERS[first::3]:
        allowed = may(caller, operation)
        status = status_of(world, Probe(operation, caller, path, body=own_body(operation)))
        if allowed is not None and (status not in REFUSED) != allowed:
            wrong.append(f"{caller}: {operation} answered {status}")
    assert wrong == []


@each_operation
def test_who_belongs_nowhere_and_who_names_a_neighbour_gets_nothing(
    world: World, places: dict[str, Place], operation: Operation
) -> None:
    if str(operation) in OPEN or operation.segment == "auth":
        return
    for caller in ("member of none", "owner with the neighbour's header"):
        probe = Probe(operation, caller, known_values(operation, places), body=own_body(operation))
        wanted = None if str(operation) in LISTS_ONES_OWN else {400, 401, 403, 404}  # 400: name a tenant
        assert list(problems(world, probe, wanted)) == []


def at_another_persons_chat(world: World, places: dict[str, Place], operation: Operation) -> list[str]:
    """Return what a visitor got at a chat of another person in the same tenant."""
    path = known_values(operation, places)
    if operation.segment != "chats" or not path:
        return []
    status = status_of(world, Probe(operation, "visitor", path, body=own_body(operation)))
    return [] if status in {*REFUSED, 404} else [f"{operation} answered {status}"]


@each_operation
def test_a_visitor_gets_nothing_of_another_persons_chat(
    world: World, places: dict[str, Place], operation: Operation
) -> None:
    assert at_another_persons_chat(world, places, operation) == []
