"""PostgreSQL with the current tenant in each transaction: the engine `tenants.db`.

Before a statement runs, the transaction's setting `app.tenant_id` is made to agree with the scope, so that row-level
security and the program never disagree. The setting is local to the transaction: a session-wide one would reach the
next user of a pooled connection. Source: decisions 1, 2 and 5.
"""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.core.exceptions import ImproperlyConfigured
from django.db.backends.postgresql import base

from tenants.scope import scope

SET_TENANT = "SELECT set_config('app.tenant_id', %s, true)"
_UNKNOWN = object()


class StatementOutsideTransactionError(RuntimeError):
    """A statement ran in a tenant's scope without a transaction: policies would show no row at all."""

    def __init__(self) -> None:
        super().__init__("A statement in a tenant's scope needs a transaction: open it with in_tenant(tenant).")


class DatabaseWrapper(base.DatabaseWrapper):
    """Django's PostgreSQL connection that keeps `app.tenant_id` equal to the scope."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._applied_tenant: object = None
        self.bound_by_policies = bool(self.settings_dict.get("TENANT_SCOPED", True))
        if self.bound_by_policies:
            self.execute_wrappers.append(self._apply_scope)

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
            self.connection.execute(SET_TENANT, [str(tenant_id or "")])
            self._applied_tenant = tenant_id
        return execute(sql, params, many, context)
