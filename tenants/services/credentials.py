"""Secrets and those whom they stand for; found before any tenant is known, remembered for five seconds.

Source: decisions 3, 9, 28, 29.
"""

import hashlib
import json
import secrets
from datetime import datetime
from threading import Lock
from typing import Any
from uuid import UUID

from cachetools import TTLCache, cached
from django.db import connection
from django.utils.translation import gettext as _

from tenants.callers import Caller, CallerKind
from tenants.models import APIKey, Role, TenantModel, User

FRESH_SECONDS = 5
SHOWN = 9
_keys: TTLCache[Any, Any] = TTLCache(maxsize=10_000, ttl=FRESH_SECONDS)
_memberships: TTLCache[Any, Any] = TTLCache(maxsize=10_000, ttl=FRESH_SECONDS)


class UnknownTenantError(LookupError):
    """The named tenant does not exist, or is not the caller's."""


def secret_hash(secret: str) -> str:
    """Return what is stored of a secret; these have 256 bits of their own, so a plain SHA-256 is right."""
    return hashlib.sha256(secret.encode()).hexdigest()


def new_secret(key: APIKey) -> str:
    """Give an unsaved key its secret and return it: nobody sees it again."""
    secret = f"sk_{secrets.token_urlsafe(32)}"
    key.prefix, key.key_hash = secret[:SHOWN], secret_hash(secret)
    return secret


def make_api_key(
    *, name: str, scopes: list[str], user: User | None, expiry_date: datetime | None = None
) -> tuple[APIKey, str]:
    """Store a new key in the current tenant and return it with the secret."""
    key = APIKey(key_name=name, permissions=scopes, user=user, expiry_date=expiry_date)
    secret = new_secret(key)
    key.save()
    return key, secret


@cached(_keys, lock=Lock())
def _key_row(hashed: str) -> tuple[Any, ...] | None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT id, tenant_id, permissions, expiry_date FROM charla_api_key(%s)", [hashed])
        row: tuple[Any, ...] | None = cursor.fetchone()
        return row


def scopes_of(permissions: Any) -> frozenset[str]:
    """Return a stored list of scopes, which a cursor may hand over as text."""
    return frozenset(json.loads(permissions) if isinstance(permissions, str) else permissions)


def caller_of_key(secret: str) -> Caller | None:
    """Return the program that a key stands for; None for one that is unknown, revoked or expired."""
    hashed = secret_hash(secret)
    row = _key_row(hashed)
    if row is None:
        return None
    key_id, tenant_id, permissions, expires_at = row
    caller = Caller(
        CallerKind.KEY, tenant_id, scopes=scopes_of(permissions), key_id=key_id, expires_at=expires_at, proof=hashed
    )
    return None if caller.is_expired else caller


@cached(_memberships, lock=Lock())
def memberships_of(user_id: UUID) -> list[tuple[UUID, str, str]]:
    """Return (tenant id, name, role) of every active tenant that a user belongs to."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT tenant_id, tenant_name, role FROM charla_memberships(%s)", [user_id])
        rows: list[tuple[UUID, str, str]] = cursor.fetchall()
        return rows


def caller_of_user(
    user: User, tenant_name: str, credential: Any = None, expires_at: datetime | None = None, session_key: str = ""
) -> Caller:
    """Return the person in the tenant asked for, or in the only one there is for it; else in none.

    It came with a stored token (`credential`) or with a session's cookie (`session_key`).

    Raises UnknownTenantError for a tenant that is not the person's. The operator (superuser) may name any.
    """
    own = {name: (tenant_id, role) for tenant_id, name, role in memberships_of(user.pk)}
    tenant_id, role = None, None
    if tenant_name in own:
        tenant_id, role = own[tenant_name]
    elif tenant_name and user.is_superuser:
        tenant_id, role = _any_tenant(tenant_name), Role.OWNER
    elif tenant_name:
        raise UnknownTenantError(_("There is no tenant “%(name)s” among yours.") % {"name": tenant_name})
    elif len(own) == 1:
        ((tenant_id, role),) = own.values()
    if user.is_superuser:
        role = Role.OWNER
    proof = session_key or getattr(credential, "digest", "")
    return Caller(
        CallerKind.PERSON, tenant_id, role=role, user=user, credential=credential, expires_at=expires_at, proof=proof,
        is_visiting=tenant_id is not None and tenant_name not in ("", *own),
    )  # fmt: skip


def _any_tenant(name: str) -> UUID:
    found = TenantModel.objects.filter(name=name).values_list("pk", flat=True).first()
    if found is None:
        raise UnknownTenantError(_("There is no tenant “%(name)s”.") % {"name": name})
    return found


def forget_credentials() -> None:
    """Look every credential up anew: after a revocation in this process, and between tests."""
    _keys.clear()
    _memberships.clear()
