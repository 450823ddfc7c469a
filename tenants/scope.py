"""The current tenant: a context variable set once at each edge, and the two ways to open a unit of work in it.

Source: architecture.md, "Tenancy"; decisions 1–3.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Final, Protocol
from uuid import UUID

from django.db import transaction

OPERATIONS: Final = "operations"


class NoTenantScopeError(RuntimeError):
    """Tenant rows were asked for while no tenant is set."""

    def __init__(self) -> None:
        super().__init__(
            "No tenant is set. Open one with in_tenant(tenant), or cross tenants on purpose with all_tenants()."
        )


class _AllTenants:
    """Marks the deliberate crossing of tenants."""


class HasTenantId(Protocol):
    """What stands for a tenant: the row itself."""

    id: UUID


ALL_TENANTS: Final = _AllTenants()
_scope: ContextVar[UUID | _AllTenants | None] = ContextVar("charla_tenant_scope", default=None)


def scope() -> UUID | _AllTenants | None:
    """Return the current tenant's id, ALL_TENANTS, or None outside every scope."""
    return _scope.get()


def current_tenant_id() -> UUID:
    """Return the current tenant's id; raise NoTenantScopeError outside a tenant's scope."""
    current = _scope.get()
    if not isinstance(current, UUID):
        raise NoTenantScopeError
    return current


@contextmanager
def _scoped(value: UUID | _AllTenants) -> Iterator[None]:
    token = _scope.set(value)
    try:
        yield
    finally:
        _scope.reset(token)


@contextmanager
def tenant_scope(tenant: UUID | HasTenantId) -> Iterator[UUID]:
    """Set the current tenant; runs no query. Statements still need a transaction: see in_tenant()."""
    tenant_id = tenant if isinstance(tenant, UUID) else tenant.id
    with _scoped(tenant_id):
        yield tenant_id


@contextmanager
def in_tenant(tenant: UUID | HasTenantId) -> Iterator[UUID]:
    """Open a unit of work: the tenant's scope and one transaction in it (joins one that is open)."""
    with tenant_scope(tenant) as tenant_id, transaction.atomic():
        yield tenant_id


@contextmanager
def all_tenants() -> Iterator[None]:
    """Cross tenants on purpose: the ORM goes to the operations role's connection, which no policy binds.

    For system commands and the sweeper alone.
    """
    with _scoped(ALL_TENANTS):
        yield
