"""Sealing texts with AES-256-GCM (domain.md, "Encryption at rest"; decision 14).

A sealed text is `c1.<data key's id>.<base64url of nonce and ciphertext>`. Its tenant and its place are bound into it:
moved to another row, column or tenant it does not open.
"""

import base64
import binascii
import secrets
from typing import Final
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from tenants.encryption.data_keys import NONCE_BYTES, current_key, open_key
from tenants.encryption.errors import SealError
from tenants.scope import current_tenant_id

VERSION: Final = "c1"
PREFIX: Final = f"{VERSION}."


def seal(text: str, *, context: str) -> str:
    """Return a text sealed for its place (`table|column|row id`), in the current tenant's scope and transaction."""
    return seal_in(current_tenant_id(), text, context=context)


def unseal(sealed: str, *, context: str) -> str:
    """Return what was sealed. SealError when a key is missing or the value was changed or moved: never an empty one."""
    return unseal_in(current_tenant_id(), sealed, context=context)


def seal_in(tenant_id: UUID, text: str, *, context: str) -> str:
    """Return a text sealed for its place in the tenant of its row."""
    key_id, key = current_key(tenant_id)
    nonce = secrets.token_bytes(NONCE_BYTES)
    sealed = nonce + AESGCM(key).encrypt(nonce, text.encode(), _bound(tenant_id, context))
    return f"{PREFIX}{key_id}.{base64.urlsafe_b64encode(sealed).decode()}"


def unseal_in(tenant_id: UUID, sealed: str, *, context: str) -> str:
    """Return what was sealed in the tenant of its row; raises as unseal() does."""
    try:
        version, key_id, encoded = sealed.split(".")
        raw = base64.urlsafe_b64decode(encoded)
        wanted = UUID(key_id)
    except (ValueError, binascii.Error):
        raise SealError("This is not a sealed value.") from None
    if base64.urlsafe_b64encode(raw).decode() != encoded:  # the decoder skips strange characters and spare bits
        raise SealError("This sealed value was changed.")
    if version != VERSION:
        raise SealError(f"This value was sealed by a newer program ({version}).")
    try:
        key = open_key(tenant_id, wanted)
        return AESGCM(key).decrypt(raw[:NONCE_BYTES], raw[NONCE_BYTES:], _bound(tenant_id, context)).decode()
    except InvalidTag:
        raise SealError("This sealed value was changed, or moved from another place.") from None


def key_of(sealed: str) -> str:
    """Return the id of the data key that seals a value."""
    return sealed.split(".")[1]


def _bound(tenant_id: UUID, context: str) -> bytes:
    return f"{tenant_id}|{context}".encode()
