"""PostgreSQL with the current tenant in each transaction: the engine `tenants.db`.

Before a statement runs, the transaction's setting `app.tenant_id` is made to agree with the scope, so that row-level
security and the program never disagree. The setting is local to the transaction: a session-wide one would reach the
next user of a pooled connection. Source: decisions 1, 2 and 5.
"""

from collections.abc import Callable
from typing import Any
from uuid import UUID

import psycopg
from django.core.exceptions import ImproperlyConfigured
from django.db.backends.postgresql import base, operations
from psycopg_pool import ConnectionPool

from tenants.db.liveness import has_news
from tenants.db.prepared import PreparedCursor, are_prepared
from tenants.scope import scope

SET_TENANT = "SELECT set_config('app.tenant_id', %s, true)"
_UNKNOWN = object()


class StatementOutsideTransactionError(RuntimeError):
    """A statement ran in a tenant's scope without a transaction: policies would show no row at all."""

    def __init__(self) -> None:
        super().__init__("A statement in a tenant's scope needs a transaction: open it with in_tenant(tenant).")


class DatabaseOperations(operations.DatabaseOperations):
    """Django's, which also tells what a prepared statement was."""

    def last_executed_query(self, cursor: Any, sql: str, params: Any) -> str:
        """Return the statement with its values, for logs of queries."""
        if isinstance(cursor, PreparedCursor):
            return str(self.compose_sql(sql, params))
        told: str = super().last_executed_query(cursor, sql, params)
        return told


class DatabaseWrapper(base.DatabaseWrapper):
    """Django's PostgreSQL connection that keeps `app.tenant_id` equal to the scope."""

    ops_class = DatabaseOperations

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._applied_tenant: object = None
        self.bound_by_policies = bool(self.settings_dict.get("TENANT_SCOPED", True))
        if self.bound_by_policies:
            self.execute_wrappers.append(self._apply_scope)

    def get_new_connection(self, conn_params: Any) -> Any:
        """Return a connection; of the pool one that lives (the pool itself checks none, see the settings)."""
        connection = super().get_new_connection(conn_params)
        pool: ConnectionPool[Any] | None = self.pool  # type: ignore[attr-defined]
        while pool is not None and has_news(connection):
            try:
                ConnectionPool.check_connection(connection)
            except psycopg.OperationalError:
                pool.putconn(connection)  # it is broken: the pool makes another in its place
                connection = super().get_new_connection(conn_params)
            else:
                break
        return connection

    def create_cursor(self, name: str | None = None) -> Any:
        """Return a cursor, inside prepared_statements() one whose statements are prepared."""
        if name is not None or not are_prepared() or self.connection is None:
            return super().create_cursor(name)
        usual = self.connection.cursor_factory
        self.connection.cursor_factory = PreparedCursor
        try:
            return super().create_cursor()
        finally:
            self.connection.cursor_factory = usual

    def _set_autocommit(self, autocommit: bool) -> None:  # noqa: FBT001 - Django's own signature
        super()._set_autocommit(autocommit)  # type: ignore[misc]
        self._applied_tenant = None

    def _commit(self) -> None:
        super()._commit()  # type: ignore[misc]
        self._applied_tenant = None

    def _rollback(self) -> None:
        super()._rollback()  # type: ignore[misc]
        self._applied_tenant = None

    def _savepoint_rollback(self, sid: str) -> None:
        super()._savepoint_rollback(sid)  # type: ignore[misc]
        self._applied_tenant = _UNKNOWN  # the rollback may have undone a change of the setting

    def _apply_scope(
        self,
        execute: Callable[..., Any],
        sql: str,
        params: Any,
        many: bool,  # noqa: FBT001 - Django's own signature
        context: dict[str, Any],
    ) -> Any:
        current = scope()
        tenant_id = current if isinstance(current, UUID) else None
        if tenant_id is not None and self.get_autocommit() and not self.in_atomic_block:
            raise StatementOutsideTransactionError
        if tenant_id != self._applied_tenant and self.in_atomic_block and not self.needs_rollback:
            if self.connection is None:
                raise ImproperlyConfigured("The scope was applied before the connection was open.")
            PreparedCursor(self.connection).execute(SET_TENANT, [str(tenant_id or "")])
            self._applied_tenant = tenant_id
        return execute(sql, params, many, context)
