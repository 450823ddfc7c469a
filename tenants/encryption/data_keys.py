"""A tenant's data keys: made at the first need, wrapped by a master key, kept open in each process that used them."""

import base64
import secrets
from functools import lru_cache
from typing import Final
from uuid import UUID, uuid4

from cachetools import TTLCache
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.db import connection

from tenants.encryption.errors import SealError
from tenants.encryption.master_keys import first_master_key, master_key
from tenants.models import DataKey

NONCE_BYTES: Final = 12
CURRENT_FRESH_SECONDS: Final = 5
# Two that make a tenant's first key at the same moment end with the same one.
ADD: Final = """
INSERT INTO tenants_datakey (id, tenant_id, wrapped, master_key, is_current, created_at)
VALUES (%s, %s, %s, %s, true, now()) ON CONFLICT DO NOTHING
"""
_current: TTLCache[UUID, UUID] = TTLCache(maxsize=10_000, ttl=CURRENT_FRESH_SECONDS)


def current_key(tenant_id: UUID) -> tuple[UUID, bytes]:
    """Return the id and the bytes of the key that seals for a tenant, in its scope and transaction."""
    known = _current.get(tenant_id)
    if known is None:
        known = DataKey.objects.filter(is_current=True).values_list("id", flat=True).first()
        if known is None:  # not remembered: the transaction that makes it may be rolled back
            known = _make(tenant_id)
        else:
            _current[tenant_id] = known
    return known, open_key(tenant_id, known)


def open_key(tenant_id: UUID, key_id: UUID) -> bytes:
    """Return a data key's bytes; SealError when the tenant has no such key or no master key opens it."""
    row = DataKey.objects.filter(id=key_id).values_list("wrapped", "master_key").first()
    if row is None:
        raise SealError(f"The tenant has no data key {key_id}.")
    return _unwrapped(tenant_id, key_id, *row)


@lru_cache(maxsize=1_000)
def _unwrapped(tenant_id: UUID, key_id: UUID, wrapped: str, master_name: str) -> bytes:
    sealed = base64.b64decode(wrapped)
    try:
        return AESGCM(master_key(master_name)).decrypt(
            sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], _place(tenant_id, key_id)
        )
    except InvalidTag:
        raise SealError(f"The key “{master_name}” in CHARLA_ENCRYPTION_KEYS is not the one that was used.") from None


def _make(tenant_id: UUID) -> UUID:
    name, master = first_master_key()
    key_id, nonce = uuid4(), secrets.token_bytes(NONCE_BYTES)
    wrapped = nonce + AESGCM(master).encrypt(nonce, AESGCM.generate_key(256), _place(tenant_id, key_id))
    with connection.cursor() as cursor:
        cursor.execute(ADD, [key_id, tenant_id, base64.b64encode(wrapped).decode(), name])
    return DataKey.objects.values_list("id", flat=True).get(is_current=True)


def _place(tenant_id: UUID, key_id: UUID) -> bytes:
    return f"{tenant_id}|data key|{key_id}".encode()


def forget_keys() -> None:
    """Know no key any more: between tests, and after keys were changed in this process."""
    _current.clear()
    _unwrapped.cache_clear()
