"""The same program with one piece of its isolation taken out: the probes have to notice each.

`bin/test tests/probes/test_mutants.py --all-probes` tries every one; bin/test tries a few of each kind.
"""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import Any
from unittest.mock import patch

from django.db import connections, models
from django.urls import get_resolver

from tenants import callers
from tenants.api.permissions import DeclaredAccess, Public
from tenants.callers import Caller
from tenants.models import Role
from tests.probes.rows import tenant_models
from tests.support.database import owner_connection
from tests.test_architecture import routes


@dataclass(frozen=True)
class Mutant:
    """A piece taken out for as long as `applied` is entered; `about` is what the probes look at."""

    kind: str
    name: str
    applied: Callable[[], AbstractContextManager[Any]]
    about: Any = None

    def __str__(self) -> str:
        return f"{self.kind} {self.name}"


@contextmanager
def in_the_schema(do: str, undo: str) -> Iterator[None]:
    """Change the schema as its owner, and change it back; no transaction of the application's is open."""
    database = connections["default"].settings_dict["NAME"]
    with owner_connection(database) as connection:
        connection.execute(do)
        try:
            yield
        finally:
            connection.execute(undo)


def policy_mutants() -> Iterator[Mutant]:
    """Yield every policy opened to all rows, and every table's row-level security switched off."""
    for model in tenant_models():
        table = model._meta.db_table
        yield Mutant("policy opened:", table, lambda table=table: _opened(table), model)  # type: ignore[misc]
        off, on = (f'ALTER TABLE "{table}" {word} ROW LEVEL SECURITY' for word in ("DISABLE", "ENABLE"))
        yield Mutant("policy off:", table, lambda off=off, on=on: in_the_schema(off, on), model)  # type: ignore[misc]


@contextmanager
def _opened(table: str) -> Iterator[None]:
    database = connections["default"].settings_dict["NAME"]
    with owner_connection(database) as connection:
        kept = connection.execute(
            "SELECT policyname, qual, with_check FROM pg_policies WHERE tablename = %s", [table]
        ).fetchall()
        for name, using, check in kept:
            connection.execute(f'ALTER POLICY "{name}" ON "{table}" {_clauses(using and "true", check and "true")}')
        try:
            yield
        finally:
            for name, using, check in kept:
                connection.execute(f'ALTER POLICY "{name}" ON "{table}" {_clauses(using, check)}')


def _clauses(using: str | None, check: str | None) -> str:
    return (f"USING ({using}) " if using else "") + (f"WITH CHECK ({check})" if check else "")


def key_mutants(relations: list[tuple[type[models.Model], Any]]) -> Iterator[Mutant]:
    """Yield every composite foreign key without its tenant column."""
    for model, field in relations:
        name = f"{model._meta.db_table}.{field.column}"
        yield Mutant("key:", name, lambda model=model, field=field: _loose(model, field), (model, field))  # type: ignore[misc]


@contextmanager
def _loose(model: type[models.Model], field: Any) -> Iterator[None]:
    table, target = model._meta.db_table, field.related_model._meta
    database = connections["default"].settings_dict["NAME"]
    with owner_connection(database) as connection:
        kept = connection.execute(
            "SELECT c.conname, pg_get_constraintdef(c.oid) FROM pg_constraint c JOIN pg_attribute a"
            " ON a.attrelid = c.conrelid AND a.attnum = c.conkey[2]"
            " WHERE c.contype = 'f' AND c.conrelid = %s::regclass AND a.attname = %s",
            [table, field.column],
        ).fetchall()
        for name, _definition in kept:
            connection.execute(
                f'ALTER TABLE "{table}" DROP CONSTRAINT "{name}", ADD CONSTRAINT "{name}"'
                f' FOREIGN KEY ("{field.column}") REFERENCES "{target.db_table}" ("{target.pk.column}")'
                " DEFERRABLE INITIALLY DEFERRED"
            )
        try:
            yield
        finally:
            for name, definition in kept:
                connection.execute(
                    f'ALTER TABLE "{table}" DROP CONSTRAINT "{name}", ADD CONSTRAINT "{name}" {definition}'
                )


# Roles that are asked for a second time, where the row is known: lowering the first changes nothing.
ASKED_TWICE = {"ai-models", "invitations", "tenants"}
# Lets no credential but a visitor's further, whatever its permissions say.
ASKS_ITSELF = {"TicketViewSet"}


class AnyCaller(DeclaredAccess):
    """Lets in whoever has a credential at all."""

    def has_permission(self, request: Any, view: Any) -> bool:
        """Tell whether somebody is known."""
        return isinstance(request.auth, Caller)


def view_classes() -> dict[type, list[str]]:
    """Return every API view that declares its access, with its paths."""
    found: dict[type, list[str]] = {}
    for path, view in routes(get_resolver()):
        kind = getattr(view, "cls", None) or getattr(view, "view_class", None)
        if kind is not None and path.startswith("api/v1/") and DeclaredAccess in kind.permission_classes:
            found.setdefault(kind, []).append(path)
    return found


def permission_mutants(segments: set[str]) -> Iterator[Mutant]:
    """Yield every view open to all, and to every credential; for each segment, writes that ask for the least role."""
    for view in view_classes():
        for name, changed in (("open to all", [Public]), ("open to every credential", [AnyCaller])):
            if changed == [AnyCaller] and view.__name__ in ASKS_ITSELF:
                continue
            yield Mutant(
                "permission:", f"{view.__name__} {name}",
                lambda view=view, changed=changed: patch.object(view, "permission_classes", changed), view,  # type: ignore[misc]
            )  # fmt: skip
    for resource in sorted(set(callers.WRITES) & segments - ASKED_TWICE):
        lowered = {**callers.WRITES, resource: Role.VIEWER}
        yield Mutant(
            "permission:", f"{resource} written by viewers",
            lambda lowered=lowered: patch.object(callers, "WRITES", lowered), resource,  # type: ignore[misc]
        )  # fmt: skip
