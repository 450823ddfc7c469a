"""Which ranges of old entries were archived, and whether that was this installation's doing.

Each range is a signed row in the database and a file in the storage: whoever owns the database can forge the row and
remove entries, but not sign for it. A file that was taken elsewhere is none that was changed.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from django.core.files.storage import default_storage
from django.db import connections, transaction
from django.utils.crypto import constant_time_compare, salted_hmac

from audit.services.chain import BEGINNING, Place
from audit.services.checkpoints import FOLDER
from tenants.scope import OPERATIONS

READ: Final = """
SELECT first_place, last_place, last_hash, digest, signature FROM audit_auditarchive
WHERE tenant_id IS NOT DISTINCT FROM %s ORDER BY first_place
"""


@dataclass(frozen=True)
class Archive:
    """A range of entries that is a file now; `last_hash` is that of its last entry, `digest` the file's SHA-256."""

    tenant_id: UUID | None
    first_place: int
    last_place: int
    last_hash: str
    digest: str
    signature: str = ""

    @property
    def path(self) -> str:
        """Where the file lies in the storage."""
        chain = self.tenant_id or "installation"
        return f"{FOLDER}/archives/{chain}/{self.first_place:012}-{self.last_place:012}.jsonl.gz"

    @property
    def right_signature(self) -> str:
        """What the installation signs it with."""
        told = f"{self.tenant_id}|{self.first_place}|{self.last_place}|{self.last_hash}|{self.digest}"
        return salted_hmac("charla.audit.archive", told, algorithm="sha256").hexdigest()

    @property
    def is_genuine(self) -> bool:
        """Whether this installation signed it."""
        return constant_time_compare(self.right_signature, self.signature)


@dataclass(frozen=True)
class ArchiveReport:
    """Where a chain's archives end; what this installation did not sign; which files were changed, or are not here."""

    end: Place
    forged: tuple[Archive, ...]
    changed: tuple[str, ...]
    elsewhere: tuple[str, ...]

    @property
    def is_whole(self) -> bool:
        """Whether nothing was forged or changed."""
        return not (self.forged or self.changed)


def archives_of(tenant_id: UUID | None) -> list[Archive]:
    """Return a chain's archives in order: a tenant's in its unit of work, the installation's (None) in none."""
    alias = OPERATIONS if tenant_id is None else "default"
    with transaction.atomic(using=alias), connections[alias].cursor() as cursor:
        cursor.execute(READ, [tenant_id])
        return [Archive(tenant_id, *row) for row in cursor.fetchall()]


def examine(archives: Iterable[Archive]) -> ArchiveReport:
    """Look at a chain's archives: they count as far as each is signed and begins where the one before it ended."""
    end = BEGINNING
    genuine: list[Archive] = []
    forged: list[Archive] = []
    for archive in archives:
        if not forged and archive.is_genuine and archive.first_place == end.place + 1:
            end = Place(archive.last_place, archive.last_hash)
            genuine.append(archive)
        else:
            forged.append(archive)
    there = [archive for archive in genuine if default_storage.exists(archive.path)]
    return ArchiveReport(
        end,
        tuple(forged),
        tuple(archive.path for archive in there if digest_of(archive.path) != archive.digest),
        tuple(archive.path for archive in genuine if archive not in there),
    )


def digest_of(path: str) -> str:
    """Return the SHA-256 of a file in the storage."""
    with default_storage.open(path) as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
