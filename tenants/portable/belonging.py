"""Whether what a record needs comes before it in the file or is in the tenant: asked before anything is stored.

The names of a file's rows are kept as digests in a temporary database on the disk, so that memory does not grow.
"""

import sqlite3
from collections.abc import Sequence
from hashlib import blake2b
from types import TracebackType
from typing import Final, Self

from django.utils.translation import gettext as _

from tenants.portable.kinds import Kind, Link
from tenants.portable.resolving import Record, keys_named, names_in, own_public_ids

DIGEST_BYTES: Final = 16
TEMPORARY: Final = ""  # SQLite's name for a database on the disk that goes when it is closed


class Belonging:
    """The rows that a file has named so far."""

    def __enter__(self) -> Self:
        self._kept = sqlite3.connect(TEMPORARY)
        self._kept.execute("PRAGMA journal_mode = OFF")
        self._kept.execute("CREATE TABLE named (digest BLOB PRIMARY KEY) WITHOUT ROWID")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._kept.close()

    def problems(self, kind: Kind, owner: Kind, records: Sequence[Record]) -> dict[int, str]:
        """Return what is wrong with records of one kind, by their places; the others are remembered.

        The caller is in the tenant's scope. A `loose` kind may miss what it names.
        """
        found: dict[int, str] = {}
        if not kind.loose:
            own = own_public_ids(kind, owner, records)
            for link in filter(lambda each: each.required, kind.links):
                found |= self._missing(kind, link, records, own)
        itself = Link("", kind.names_of_itself)
        for place, record in enumerate(records):
            if place not in found and kind.identity and not self._remember(_digest(kind, itself, record)):
                found[place] = _("It is there twice.")
        return found

    def _missing(self, kind: Kind, link: Link, records: Sequence[Record], own: Sequence[Record]) -> dict[int, str]:
        unknown = [place for place, record in enumerate(records) if not self._has(_digest(kind, link, record))]
        here = keys_named(kind, link, [own[place] for place in unknown])
        return {
            place: _("What it belongs to is not here: %(names)s.")
            % {"names": ", ".join(f"{name}={records[place].get(name)}" for name in link.named)}
            for place in unknown
            if names_in(link, own[place]) not in here
        }

    def _has(self, digest: bytes) -> bool:
        return self._kept.execute("SELECT 1 FROM named WHERE digest = ?", [digest]).fetchone() is not None

    def _remember(self, digest: bytes) -> bool:
        return self._kept.execute("INSERT OR IGNORE INTO named VALUES (?)", [digest]).rowcount == 1


def _digest(kind: Kind, link: Link, record: Record) -> bytes:
    """Return what stands for a row: its table, and what it is called by which columns."""
    model = kind.meta.get_field(link.attribute).related_model if link.attribute else kind.model
    told = repr((model._meta.label, tuple(link.named.values()), names_in(link, record)))
    return blake2b(told.encode("utf-8", "surrogatepass"), digest_size=DIGEST_BYTES).digest()
