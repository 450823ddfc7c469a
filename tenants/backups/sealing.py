"""The outer shape of a backup: chunks that are sealed one by one, so that any size is read in little memory.

After the construction STREAM (Hoang, Reyhanitabar, Rogaway, Vizár: “Online Authenticated-Encryption and its
Nonce-Reuse Misuse-Resistance”, 2015), as age and Tink use it: a chunk's nonce is its number and whether it is the
last one. A chunk that is changed, left out, doubled, moved, or cut off behind does not open. The key is derived from
a master key, a salt, and the whole head, so a changed head is a wrong key.
"""

import os
import struct
from dataclasses import dataclass
from hmac import compare_digest
from typing import IO, Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.hmac import HMAC
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.utils.translation import gettext as _

from tenants.backups.errors import DamagedError
from tenants.encryption.errors import SealError
from tenants.encryption.master_keys import first_master_key, master_key

MAGIC: Final = b"CHARLA-BACKUP\x00\x01"
CHUNK: Final = 256 * 1024
TAG: Final = 16
SALT: Final = 32
HEAD: Final = struct.Struct(">15sBIB")
SEALED, SIGNED = 1, 2  # encrypted, or readable by everybody but bound to the key all the same


@dataclass(frozen=True)
class Cipher:
    """Seals and opens single chunks by their place."""

    key: bytes
    mode: int

    def close(self, data: bytes, number: int, *, last: bool) -> bytes:
        """Return a chunk as it stands in the file."""
        nonce = _nonce(number, last=last)
        return AESGCM(self.key).encrypt(nonce, data, None) if self.mode == SEALED else data + self._mark(nonce, data)

    def open(self, chunk: bytes, number: int, *, last: bool) -> bytes:
        """Return what a chunk holds; DamagedError when it is not the one that was written at this place."""
        nonce = _nonce(number, last=last)
        if self.mode == SEALED:
            try:
                return AESGCM(self.key).decrypt(nonce, chunk, None)
            except InvalidTag:
                raise DamagedError(_damaged()) from None
        data, mark = chunk[:-TAG], chunk[-TAG:]
        if not compare_digest(mark, self._mark(nonce, data)):
            raise DamagedError(_damaged())
        return data

    def _mark(self, nonce: bytes, data: bytes) -> bytes:
        made = HMAC(self.key, SHA256())
        made.update(nonce)
        made.update(data)
        return made.finalize()[:TAG]


def _nonce(number: int, *, last: bool) -> bytes:
    return number.to_bytes(11, "big") + bytes([last])


def _damaged() -> str:
    return _("The file is damaged, cut, or was sealed with another key: nothing of it is used.")


def _cipher(master: bytes, head: bytes, mode: int) -> Cipher:
    salt = head[-SALT:]
    return Cipher(HKDF(algorithm=SHA256(), length=32, salt=salt, info=b"charla backup|" + head).derive(master), mode)


class SealedWriter:
    """Writes bytes into a file, sealed with the first master key; close() writes the last chunk."""

    def __init__(self, file: IO[bytes], *, encrypt: bool) -> None:
        name, master = first_master_key()
        mode, encoded = SEALED if encrypt else SIGNED, name.encode()
        head = HEAD.pack(MAGIC, mode, CHUNK, len(encoded)) + encoded + os.urandom(SALT)
        self._file, self._cipher = file, _cipher(master, head, mode)
        self._waiting = bytearray()
        self._number = self.position = 0
        file.write(head)

    def write(self, data: bytes) -> int:
        """Take bytes; whole chunks go to the file. `position` counts what was taken."""
        self._waiting += data
        self.position += len(data)
        while len(self._waiting) > CHUNK:  # the last chunk is only known at the end
            self._put(bytes(self._waiting[:CHUNK]), last=False)
            del self._waiting[:CHUNK]
        return len(data)

    def close(self) -> None:
        """Write the last chunk; without it the file does not open."""
        self._put(bytes(self._waiting), last=True)

    def _put(self, data: bytes, *, last: bool) -> None:
        self._file.write(self._cipher.close(data, self._number, last=last))
        self._number += 1


class SealedReader:
    """Reads what SealedWriter wrote, from any place; every byte that it returns was authenticated."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        total = file.seek(0, os.SEEK_END)
        file.seek(0)
        self._cipher, self._begin, self._chunk = _opened(file)
        body = total - self._begin
        if body < TAG:
            raise DamagedError(_damaged())
        self._count = max(1, -(-body // (self._chunk + TAG)))
        if body - (self._count - 1) * (self._chunk + TAG) < TAG:
            raise DamagedError(_damaged())
        self.size = body - self._count * TAG
        self.is_encrypted = self._cipher.mode == SEALED
        self._known: tuple[int, bytes] = (-1, b"")

    def read_at(self, offset: int, length: int) -> bytes:
        """Return the bytes from an offset on; DamagedError where the file is not as it was written, or ends."""
        if offset < 0 or length < 0 or offset + length > self.size:
            raise DamagedError(_damaged())
        found = bytearray()
        while len(found) < length:
            number, begin = divmod(offset + len(found), self._chunk)
            found += self._at(number)[begin : begin + length - len(found)]
        return bytes(found)

    def _at(self, number: int) -> bytes:
        if self._known[0] != number:
            self._file.seek(self._begin + number * (self._chunk + TAG))
            sealed = self._file.read(self._chunk + TAG)
            if len(sealed) < TAG:  # cut while it was read
                raise DamagedError(_damaged())
            self._known = number, self._cipher.open(sealed, number, last=number == self._count - 1)
        return self._known[1]


def _opened(file: IO[bytes]) -> tuple[Cipher, int, int]:
    """Read the head; return the cipher, where the chunks begin, and a chunk's size."""
    fixed = file.read(HEAD.size)
    if len(fixed) < HEAD.size or not fixed.startswith(MAGIC[:-1]):
        raise DamagedError(_("This file is no backup of Charla."))
    magic, mode, chunk, length = HEAD.unpack(fixed)
    if magic != MAGIC:
        raise DamagedError(_("This backup was made by a newer Charla: restore it with that version."))
    rest = file.read(length + SALT)
    if len(rest) < length + SALT or mode not in {SEALED, SIGNED} or chunk != CHUNK:
        raise DamagedError(_damaged())
    try:
        master = master_key(rest[:length].decode())
    except UnicodeDecodeError:
        raise DamagedError(_damaged()) from None
    except SealError as error:
        raise DamagedError(str(error)) from error
    return _cipher(master, fixed + rest, mode), HEAD.size + len(rest), chunk
