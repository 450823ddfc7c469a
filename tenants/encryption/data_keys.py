"""A tenant's data keys: made at the first need, wrapped by a master key, kept open in each process that used them."""

import base64
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from threading import Lock
from typing import Any, Final
from uuid import UUID, uuid4

from cachetools import TTLCache
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings
from django.db import connection, transaction

from tenants.encryption.errors import SealError
from tenants.encryption.master_keys import first_master_key, master_key
from tenants.models import DataKey

NONCE_BYTES: Final = 12
CURRENT_FRESH_SECONDS: Final = 5
OPENED_FRESH_SECONDS: Final = 60
# Two that make a tenant's first key at the same moment end with the same one.
ADD: Final = """
INSERT INTO tenants_datakey (id, tenant_id, wrapped, master_key, is_current, created_at)
VALUES (%s, %s, %s, %s, true, clock_timestamp()) ON CONFLICT DO NOTHING
"""
_current: TTLCache[UUID, UUID] = TTLCache(maxsize=10_000, ttl=CURRENT_FRESH_SECONDS)
# By tenant, data key and master keys: a page of messages opens with one look at the table, or none.
_opened: TTLCache[tuple[UUID, UUID, str], bytes] = TTLCache(maxsize=10_000, ttl=OPENED_FRESH_SECONDS)
_lock = Lock()
# All keys of one tenant, while its rows come out of a statement beside which the connection takes no other.
_held: ContextVar[tuple[UUID, dict[UUID, bytes]] | None] = ContextVar("charla_held_keys", default=None)


def current_key(tenant_id: UUID) -> tuple[UUID, bytes]:
    """Return the id and the bytes of the key that seals for a tenant, in its scope and transaction."""
    with _lock:
        known = _current.get(tenant_id)
    if known is None:
        keys = DataKey.objects.filter(tenant_id=tenant_id, is_current=True)
        known = keys.values_list("id", flat=True).first()
        if known is None:  # not remembered: the transaction that makes it may be rolled back
            known = _make(tenant_id)
        else:
            with _lock:
                _current[tenant_id] = known
    return known, open_key(tenant_id, known)


def open_key(tenant_id: UUID, key_id: UUID) -> bytes:
    """Return a data key's bytes; SealError when the tenant has no such key or no master key opens it."""
    held = _held.get()
    if held is not None and held[0] == tenant_id:
        if key_id not in held[1]:
            raise SealError(f"The tenant has no data key {key_id} that opens.")
        return held[1][key_id]
    name = (tenant_id, key_id, settings.ENCRYPTION_KEYS)
    with _lock:
        key = _opened.get(name)
    if key is None:
        with transaction.atomic():
            row = DataKey.objects.filter(tenant_id=tenant_id, id=key_id).values_list("wrapped", "master_key").first()
        if row is None:
            raise SealError(f"The tenant has no data key {key_id}.")
        key = _unwrapped(tenant_id, key_id, *row)
        with _lock:
            _opened[name] = key
    return key


@contextmanager
def keys_held(tenant_id: UUID) -> Iterator[None]:
    """Open all keys of a tenant at once and ask the database for none inside the block; one that none opens is none."""
    keys: dict[UUID, bytes] = {}
    for key_id in list(DataKey.objects.filter(tenant_id=tenant_id).values_list("id", flat=True)):
        with suppress(SealError):
            keys[key_id] = open_key(tenant_id, key_id)
    token = _held.set((tenant_id, keys))
    try:
        yield
    finally:
        _held.reset(token)


def search_key(tenant_id: UUID) -> bytes:
    """Return 32 bytes for keyed hashes of a tenant's words: of its first data key, which no rotation takes away."""
    keys = DataKey.objects.filter(tenant_id=tenant_id).order_by("created_at", "id")
    first = keys.values_list("id", flat=True).first() or _make(tenant_id)
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=b"charla words").derive(open_key(tenant_id, first))


def new_current_key(tenant_id: UUID) -> UUID:
    """Make the key that seals from now on, in the caller's transaction; older keys open what they sealed."""
    DataKey.objects.filter(tenant_id=tenant_id, is_current=True).update(is_current=False)
    made = _make(tenant_id)
    forget_keys()
    transaction.on_commit(forget_keys)  # again: another thread may have remembered the old one meanwhile
    return made


def wrap_anew(tenant_id: UUID) -> int:
    """Wrap every data key of a tenant by the first master key, in the caller's transaction; return how many changed."""
    name, master = first_master_key()
    others: Any = DataKey.objects.select_for_update().filter(tenant_id=tenant_id).exclude(master_key=name)
    found = list(others.order_by("id"))
    for row in found:
        row.wrapped = _wrapped(master, tenant_id, row.id, open_key(tenant_id, row.id))
        row.master_key = name
        row.save(update_fields=["wrapped", "master_key"])
    return len(found)


def _unwrapped(tenant_id: UUID, key_id: UUID, wrapped: str, master_name: str) -> bytes:
    sealed = base64.b64decode(wrapped)
    try:
        return AESGCM(master_key(master_name)).decrypt(
            sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], _place(tenant_id, key_id)
        )
    except InvalidTag:
        raise SealError(f"The key “{master_name}” in CHARLA_ENCRYPTION_KEYS is not the one that was used.") from None


def _wrapped(master: bytes, tenant_id: UUID, key_id: UUID, key: bytes) -> str:
    nonce = secrets.token_bytes(NONCE_BYTES)
    return base64.b64encode(nonce + AESGCM(master).encrypt(nonce, key, _place(tenant_id, key_id))).decode()


def _make(tenant_id: UUID) -> UUID:
    name, master = first_master_key()
    key_id = uuid4()
    wrapped = _wrapped(master, tenant_id, key_id, AESGCM.generate_key(256))
    with connection.cursor() as cursor:
        cursor.execute(ADD, [key_id, tenant_id, wrapped, name])
    return DataKey.objects.values_list("id", flat=True).get(tenant_id=tenant_id, is_current=True)


def _place(tenant_id: UUID, key_id: UUID) -> bytes:
    return f"{tenant_id}|data key|{key_id}".encode()


def forget_keys() -> None:
    """Know no key any more: between tests, and after keys were changed in this process."""
    with _lock:
        _current.clear()
        _opened.clear()
