"""Sealing what belongs to a person rather than to a tenant: straight with a master key, there are few such values.

A sealed text is `m1.<master key's id>.<base64url of nonce and ciphertext>`; its place is bound into it.
"""

import base64
import binascii
import secrets
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from tenants.encryption.errors import SealError
from tenants.encryption.master_keys import first_master_key, master_key

VERSION: Final = "m1"
NONCE_BYTES: Final = 12


def seal_for_installation(text: str, *, context: str) -> str:
    """Return a text sealed with the first master key for its place (`table|column|row id`)."""
    name, key = first_master_key()
    nonce = secrets.token_bytes(NONCE_BYTES)
    sealed = nonce + AESGCM(key).encrypt(nonce, text.encode(), _bound(context))
    encoded_name = base64.urlsafe_b64encode(name.encode()).decode()
    return f"{VERSION}.{encoded_name}.{base64.urlsafe_b64encode(sealed).decode()}"


def unseal_of_installation(sealed: str, *, context: str) -> str:
    """Return what was sealed; SealError when its master key is missing, or it was changed or moved."""
    try:
        version, encoded_name, encoded = sealed.split(".")
        name, raw = base64.urlsafe_b64decode(encoded_name).decode(), base64.urlsafe_b64decode(encoded)
    except (ValueError, binascii.Error):
        raise SealError("This is not a sealed value.") from None
    if version != VERSION:
        raise SealError(f"This value was sealed by another program ({version}).")
    try:
        return AESGCM(master_key(name)).decrypt(raw[:NONCE_BYTES], raw[NONCE_BYTES:], _bound(context)).decode()
    except InvalidTag:
        raise SealError("This sealed value was changed, or moved from another place.") from None


def is_sealed_with_first_key(sealed: str) -> bool:
    """Tell whether a value need not be sealed anew before an older master key is thrown away."""
    encoded_name = base64.urlsafe_b64encode(first_master_key()[0].encode()).decode()
    return sealed.startswith(f"{VERSION}.{encoded_name}.")


def _bound(context: str) -> bytes:
    return f"installation|{context}".encode()
