"""Sends the ORM to the operations role's connection inside all_tenants(), else to the application's."""

from typing import Any

from django.db.models import Model

from tenants.scope import ALL_TENANTS, OPERATIONS, scope


class ScopeRouter:
    """Django database router by the current scope (decision 1)."""

    def db_for_read(self, model: type[Model], **hints: Any) -> str | None:
        """Return the connection's alias for reading."""
        return OPERATIONS if scope() is ALL_TENANTS else None

    def db_for_write(self, model: type[Model], **hints: Any) -> str | None:
        """Return the connection's alias for writing."""
        return OPERATIONS if scope() is ALL_TENANTS else None

    def allow_relation(self, first: Model, second: Model, **hints: Any) -> bool:
        """Both connections reach the same database, so any two rows may be related."""
        return True

    def allow_migrate(self, db: str, app_label: str, **hints: Any) -> bool:
        """Migrations run on the default alias alone, as the owner role."""
        return db == "default"
