"""Writing to the audit log: an explicit call in a service, with actor and action (style.md, habit 6)."""

import json
from contextvars import ContextVar
from typing import Any, Final
from uuid import UUID

import structlog
from django.db import connections, router, transaction
from django.utils.crypto import salted_hmac

from audit.models import AuditLog
from tenants.models import TenantModel, User
from tenants.scope import ALL_TENANTS, in_tenant, scope

PERSONAL: Final = frozenset(
    {"email", "username", "first_name", "last_name", "phone", "external_id", "chat_address", "user_id", "ip_address"}
)
SECRET: Final = ("password", "token", "secret", "key_hash", "authorization", "cookie")
INSERT: Final = """
INSERT INTO audit_auditlog
    (tenant_id, actor_id, action, object_type, object_id, details, ip_address, request_id, previous_hash, hash)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s, '', '')
"""  # no RETURNING: a row without a tenant may be written by the application's role, and not read


_written: ContextVar[int] = ContextVar("charla_audit_entries", default=0)


def entries_written() -> int:
    """Return how many entries this thread or task has written so far."""
    return _written.get()


def keyed_hash(value: str) -> str:
    """Return what stands for personal data: the same value gives the same hash, and nobody computes it back."""
    return salted_hmac("charla.audit", value.strip().lower(), algorithm="sha256").hexdigest()[:32]


def without_personal_data(details: dict[str, Any]) -> dict[str, Any]:
    """Return details with personal values hashed and secrets left out."""
    cleaned: dict[str, Any] = {}
    for name, value in details.items():
        if any(word in name.lower() for word in SECRET):
            continue
        if isinstance(value, dict):
            cleaned[name] = without_personal_data(value)
        else:
            cleaned[name] = keyed_hash(str(value)) if name.lower() in PERSONAL and value else value
    return cleaned


class AuditService:
    """The one writer of the audit log."""

    @staticmethod
    def log_event(
        action: str,
        user: User | UUID | None,
        tenant: TenantModel | UUID | None,
        object_type: str,
        object_id: str,
        details: dict[str, Any] | None = None,
        ip_address: str | None = None,
    ) -> None:
        """Add a row in the caller's transaction (its own without one); it is chained when that commits.

        Personal values in `details` and the address are stored as keyed hashes. What a program did names its key.
        """
        bound = structlog.contextvars.get_contextvars()
        program = {"key": bound["key"]} if user is None and "key" in bound else {}
        tenant_id = tenant.pk if isinstance(tenant, TenantModel) else tenant
        row = [
            tenant_id,
            user.pk if isinstance(user, User) else user,
            action[:64],
            object_type[:64],
            str(object_id)[:64],
            json.dumps({**program, **without_personal_data(details or {})}, default=str),
            keyed_hash(ip_address) if ip_address else "",
            str(bound.get("request_id", ""))[:64],
        ]
        if tenant_id is None or scope() in (tenant_id, ALL_TENANTS):
            _insert(row)
        else:
            with in_tenant(tenant_id):
                _insert(row)


def _insert(row: list[Any]) -> None:
    _written.set(_written.get() + 1)
    alias = router.db_for_write(AuditLog)
    with transaction.atomic(using=alias), connections[alias].cursor() as cursor:
        cursor.execute(INSERT, row)
