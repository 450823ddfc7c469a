"""The installation's master keys: CHARLA_ENCRYPTION_KEYS, `id:base64,id:base64…`; the first wraps, all unwrap.

They wrap the tenants' data keys and nothing else, so that changing one means to wrap a few keys anew.
"""

import base64
import binascii
from functools import lru_cache
from typing import Final

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings

from tenants.encryption.errors import SealError

LEAST_BYTES: Final = 32


def first_master_key() -> tuple[str, bytes]:
    """Return the id and the 32 bytes of the key that wraps; SealError without any."""
    keys = _parsed(settings.ENCRYPTION_KEYS)
    if not keys:
        raise SealError("There is no encryption key: set CHARLA_ENCRYPTION_KEYS to id:base64 of 32 random bytes.")
    return next(iter(keys.items()))


def master_key(name: str) -> bytes:
    """Return the key with an id; SealError when the installation does not have it any more."""
    keys = _parsed(settings.ENCRYPTION_KEYS)
    if name not in keys:
        raise SealError(f"The encryption key “{name}” is missing: put it back into CHARLA_ENCRYPTION_KEYS.")
    return keys[name]


@lru_cache(maxsize=4)
def _parsed(text: str) -> dict[str, bytes]:
    keys: dict[str, bytes] = {}
    for part in filter(None, (part.strip() for part in text.split(","))):
        name, colon, encoded = part.partition(":")
        try:
            material = base64.urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4))
        except (binascii.Error, ValueError):
            material = b""
        if not colon or not name or name in keys or len(material) < LEAST_BYTES:
            raise SealError(
                "CHARLA_ENCRYPTION_KEYS is id:base64,id:base64…, each id once, each key of at least 32 bytes; "
                f"“{name}” is not."
            )
        keys[name] = HKDF(algorithm=SHA256(), length=32, salt=None, info=b"charla master key").derive(material)
    return keys
