"""Queries whose SQL the ORM makes once: for the few that run with every message, where making it costs the most.

Django has no way to keep a compiled query, so this leans on how ModelIterable reads one; a test
(`chats/tests/test_reading.py`) holds it to the same rows that the query itself gives.
"""

from collections.abc import Callable
from copy import copy
from dataclasses import dataclass
from typing import Any, Generic, TypeVar
from uuid import UUID

from django.db import connections, models
from django.db.models.expressions import Expression
from django.db.models.query import ModelIterable

from tenants.scope import current_tenant_id

M = TypeVar("M", bound=models.Model)


class Given(Expression):
    """A value that is given when the query runs: `filter(pk=Given("pk"))`."""

    output_field = models.BigIntegerField()

    def __init__(self, name: str) -> None:
        super().__init__()
        self.name = name

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, list[Any]]:
        """Return itself as the parameter, for KeptQuery to put the value in its place."""
        return "%s", [self]


@dataclass(frozen=True)
class _Compiled:
    queryset: Any
    compiler: Any
    sql: str
    params: tuple[Any, ...]
    tenant_id: UUID


class KeptQuery(Generic[M]):
    """A queryset of model instances with Given values, in whatever tenant's scope it runs."""

    def __init__(self, build: Callable[[], models.QuerySet[M]]) -> None:
        self._build = build
        self._compiled: _Compiled | None = None

    def rows(self, **values: Any) -> list[M]:
        """Return the instances for these values; NoTenantScopeError outside a tenant's scope."""
        tenant_id = current_tenant_id()
        kept = self._compiled
        if kept is None:
            self._compiled = kept = self._compile(tenant_id)
        params = [_value(each, values, kept.tenant_id, tenant_id) for each in kept.params]
        return list(ModelIterable(_Bound(kept, params)))  # type: ignore[arg-type]

    def first(self, **values: Any) -> M | None:
        """Return the first instance, or None."""
        return next(iter(self.rows(**values)), None)

    def _compile(self, tenant_id: UUID) -> _Compiled:
        queryset = self._build()
        compiler = queryset.query.get_compiler(using=queryset.db)
        sql, params = compiler.as_sql()
        return _Compiled(queryset, compiler, sql, tuple(params), tenant_id)


class _Bound:
    """What ModelIterable asks of a queryset and its query, with the values of one run."""

    def __init__(self, kept: _Compiled, params: list[Any]) -> None:
        self.db = kept.queryset.db
        self.model = kept.queryset.model
        self._known_related_objects: dict[Any, Any] = {}
        self.query = self
        self._kept = kept
        self._params = params

    def get_compiler(self, using: str) -> Any:
        """Return the compiler as it was after it made the SQL, on this thread's connection."""
        compiler = copy(self._kept.compiler)
        compiler.connection = connections[using]
        compiler.as_sql = lambda: (self._kept.sql, self._params)
        return compiler


def _value(param: Any, values: dict[str, Any], compiled_for: UUID, tenant_id: UUID) -> Any:
    if isinstance(param, Given):
        return values[param.name]
    return tenant_id if param == compiled_for else param
