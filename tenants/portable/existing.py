"""Which records of a file have their row in the tenant already: nothing is changed by asking."""

import json
from collections.abc import Sequence
from typing import Final

from tenants.models import TenantModel
from tenants.portable.kinds import Kind, Link
from tenants.portable.reading import Wanted
from tenants.portable.reading import records as read
from tenants.portable.resolving import Record, keys_named, names_in, own_public_ids

# What two rows that say the same may differ in.
OF_THE_ROW: Final = {"id", "created_at", "updated_at", "is_default"}


def places_of_existing(kind: Kind, owner: Kind, records: Sequence[Record]) -> list[int]:
    """Return the places of the records whose row is there: by what names it in its tenant."""
    if kind.model is TenantModel or not records:
        return []
    link = Link("", kind.names_of_itself)
    own = own_public_ids(kind, owner, records)
    keys = keys_named(kind, link, own)
    return [place for place, record in enumerate(own) if names_in(link, record) in keys]


def places_of_others(kind: Kind, records: Sequence[Record]) -> list[int]:
    """Return the places of the records whose row is there and says something else."""
    link = Link("", kind.names_of_itself)
    keys = keys_named(kind, link, records)
    rows = (json.loads(text) for text in read(kind, Wanted(keys=("pk", tuple(keys.values())))))
    here = {names_in(link, row): _told(row) for row in rows}
    return [place for place, record in enumerate(records) if here.get(names_in(link, record), {}) != _told(record)]


def _told(record: Record) -> Record:
    return {name: value for name, value in record.items() if name not in OF_THE_ROW}
