"""Every task rung in our scope with a neighbour's ids does nothing to the neighbour."""

import inspect
from typing import Any

import pytest
from celery import current_app
from django.core.exceptions import ObjectDoesNotExist, ValidationError

from tenants.scope import in_tenant
from tenants.tasks import TENANT_HEADER, TenantTask
from tests.probes.report import REPORT
from tests.probes.world import World, rolled_back

current_app.loader.import_default_modules()
TASKS = sorted(name for name, task in current_app.tasks.items() if not name.startswith("celery."))
# What a task may answer to a name of another kind than it takes, or of nothing that is there.
REFUSALS = (ValueError, ValidationError, ObjectDoesNotExist, KeyError)


def ring(task: Any, tenant_id: object, *arguments: object) -> str:
    """Run a task as a worker does, with the tenant in its header; return what came of it, for the report."""
    task.push_request(**{TENANT_HEADER: str(tenant_id)})
    try:
        task(*arguments)
    except REFUSALS:
        return "not found"
    finally:
        task.pop_request()
    return "own data"


def arguments_for(parameter: inspect.Parameter, world: World) -> list[object]:
    """Return the neighbour's ids that fit a parameter."""
    named = [*world.theirs.identifiers(), *(f"message:{name}" for name in world.theirs.identifiers())]
    return [int(name) for name in named if name.isdecimal()] if parameter.annotation is int else [*named]


@pytest.mark.parametrize("name", TASKS)
def test_a_task_with_a_neighbours_ids_changes_nothing_there(
    world: World, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tenants.tasks.close_old_connections", lambda: None)  # the probe's transaction is open
    task, changed = current_app.tasks[name], []
    assert isinstance(task, TenantTask)
    parameters = list(inspect.signature(task.run).parameters.values())
    for value in arguments_for(parameters[0], world) if parameters else [""]:
        with rolled_back():
            outcome = ring(task, world.ours.id, *[value] * len(parameters))
            has_changed = world.fingerprint() != world.before["owner"]
            REPORT.probe("tasks", "writes" if has_changed else outcome)
            if has_changed:
                changed.append(value)
    assert changed == []


@pytest.mark.parametrize("name", TASKS)
def test_a_task_without_a_tenant_does_not_run(world: World, name: str) -> None:
    with in_tenant(world.ours.id), pytest.raises(ValueError, match="without a tenant"):
        current_app.tasks[name]("1")
