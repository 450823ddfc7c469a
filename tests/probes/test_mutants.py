"""Whatever piece of the isolation is taken out, a probe notices."""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any
from unittest.mock import patch

import pytest
from django.db import connection, transaction
from django.urls import Resolver404, resolve

from chats.models import ChatModel, UserStatistics
from tenants.scope import in_tenant
from tests import test_catalogue
from tests.probes.mutants import Mutant, in_the_schema, key_mutants, permission_mutants, policy_mutants
from tests.probes.operations import Operation, operations
from tests.probes.places import Place, known_values
from tests.probes.report import REPORT
from tests.probes.rights import may
from tests.probes.sending import Probe, own_body, status_of
from tests.probes.test_database import RELATIONS, points_across, reached
from tests.probes.test_rights import CALLERS, REFUSED, at_another_persons_chat
from tests.probes.world import World, rolled_back

NO_UUID = "0193b0c4-ffff-7fff-8fff-ffffffffffff"
POLICIES = list(policy_mutants())
KEYS = list(key_mutants(RELATIONS))
PERMISSIONS = list(permission_mutants({one.segment for one in operations() if one.method != "get"}))


def some(mutants: list[Mutant], step: int) -> Any:
    """Parametrize with the mutants; those beyond the first of each `step` belong to the long tier."""
    return pytest.mark.parametrize(
        "mutant",
        [
            pytest.param(one, id=str(one), marks=[pytest.mark.all_probes] * (at % step > 0))
            for at, one in enumerate(mutants)
        ],
    )


def noticed(mutant: Mutant, probe: Callable[[], bool]) -> bool:
    """Tell whether a probe that finds nothing finds something with the mutant."""
    with REPORT.silent():
        assert not probe(), "found without the mutant"
        with mutant.applied():
            found = probe()
    REPORT.add(f"mutants: {mutant.kind.strip(':')}, " + ("found" if found else "NOT FOUND"))
    return found


@some(POLICIES, 23)
def test_a_policy_taken_out_is_noticed(world: World, mutant: Mutant) -> None:
    def probe() -> bool:
        with in_tenant(world.ours.id):
            found = next(reached(world, mutant.about), "")
            transaction.set_rollback(True)
        return bool(found)

    assert noticed(mutant, probe)


@some(KEYS, 10)
def test_a_key_without_its_tenant_is_noticed(world: World, mutant: Mutant) -> None:
    def probe() -> bool:
        with in_tenant(world.ours.id):
            found = points_across(world, *mutant.about)
            transaction.set_rollback(True)
        return found or catalogue_complains()  # triggers write rows with keys of their own, which may refuse it too

    assert noticed(mutant, probe)


def about(mutant: Mutant) -> Iterator[Operation]:
    """Yield the operations that a permission is about."""
    for operation in operations():
        if isinstance(mutant.about, str):
            if operation.segment == mutant.about:
                yield operation
            continue
        values = tuple((name, NO_UUID) for name in operation.path_names)
        url = Probe(operation, "", values).url()
        if any(
            _serves(candidate, mutant.about) for candidate in (url, url.replace(values[-1][1], "1") if values else url)
        ):
            yield operation


def _serves(url: str, view: type) -> bool:
    try:
        function: Any = resolve(url).func
    except Resolver404:
        return False
    return view in (getattr(function, "cls", None), getattr(function, "view_class", None))


@some(PERMISSIONS, 12)
def test_a_permission_taken_out_is_noticed(world: World, places: dict[str, Place], mutant: Mutant) -> None:
    def probe() -> bool:
        for operation in about(mutant):
            for caller in CALLERS:
                asked = Probe(operation, caller, known_values(operation, places), body=own_body(operation))
                if may(caller, operation) is False and status_of(world, asked) not in REFUSED:
                    return True
        return False

    assert noticed(mutant, probe)


def test_a_visitor_who_is_shown_all_chats_is_noticed(world: World, places: dict[str, Place]) -> None:
    def probe() -> bool:
        return any(at_another_persons_chat(world, places, operation) for operation in operations())

    def all_chats(caller: Any, **options: Any) -> Any:
        return ChatModel.objects.all()

    mutant = Mutant("permission:", "visitors see every chat", lambda: patch("chats.api.views.chats_of", all_chats))
    assert noticed(mutant, probe)


def catalogue_complains() -> bool:
    """Tell whether one of the catalogue's tests fails."""
    for name in vars(test_catalogue):
        if name.startswith("test_"):
            try:
                with rolled_back():
                    getattr(test_catalogue, name)()
            except AssertionError:
                return True
    return False


def test_a_view_that_runs_as_its_owner_is_noticed(world: World) -> None:
    view = UserStatistics._meta.db_table

    def probe() -> bool:
        with in_tenant(world.ours.id), connection.cursor() as cursor:
            cursor.execute(f'SELECT count(*) FROM "{view}" WHERE tenant_id = %s', [world.theirs.id])
            return bool(cursor.fetchall() != [(0,)])

    off, on = (f'ALTER VIEW "{view}" SET (security_invoker = {word})' for word in ("false", "true"))
    assert noticed(Mutant("view:", view, lambda: in_the_schema(off, on)), probe)


def test_a_definer_function_without_its_search_path_or_its_tenant_is_noticed(world: World, every_probe: bool) -> None:
    with rolled_back(), connection.cursor() as cursor:
        cursor.execute(
            "SELECT oid::regprocedure::text, pg_get_functiondef(oid), prosrc FROM pg_proc"
            " WHERE pronamespace = 'public'::regnamespace AND prosecdef ORDER BY proname"
        )
        functions = cursor.fetchall()
    assert functions
    for name, definition, source in functions if every_probe else functions[:2]:
        reset = f"ALTER FUNCTION {name} RESET search_path"
        loose = Mutant("function:", f"{name} without search_path", partial(in_the_schema, reset, definition))
        assert noticed(loose, catalogue_complains), name
        if "app.tenant_id" in source:
            crossing = definition.replace("app.tenant_id", "app.nothing")
            mutant = Mutant("function:", f"{name} without tenant", partial(in_the_schema, crossing, definition))
            assert noticed(mutant, catalogue_complains), name
