"""Proving backups: what is only believed to be restorable is none.

Three depths. `quick`: the file opens with our key, and its table of contents fits it. `whole`: every byte was
authenticated and every digest is right. `restore`: it was restored into a server of its own, which was written down
again: the same schema, the same rows in every table, digest by digest.
"""

import hashlib
import re
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from django.conf import settings
from django.utils.module_loading import import_string
from django.utils.translation import gettext as _
from psycopg.conninfo import conninfo_to_dict

from tenants.backups import catalogue, databases, increments
from tenants.backups.connecting import connect
from tenants.backups.container import Reader
from tenants.backups.errors import DamagedError
from tenants.backups.loading import load, refuse_other_counts
from tenants.backups.making import Told, silent
from tenants.backups.manifest import Manifest
from tenants.backups.programs import dump_schema
from tenants.backups.restoring import opened, read_whole
from tenants.backups.snapshot import SCHEMA_AFTER, SCHEMA_BEFORE, TABLE_PREFIX, Snapshot, snapshot

QUICK, WHOLE, RESTORE = DEPTHS = ("quick", "whole", "restore")
DATABASE: Final = "charla_proof"
CAST_WORD: Final = re.compile(r"'(?:[^']|'')*'::character varying")
CAST_LIST: Final = re.compile(rf"\(ARRAY\[((?:{CAST_WORD.pattern}(?:, )?)+)\]\)::text\[\]")


@dataclass(frozen=True)
class Proof:
    """What was looked at: so many bytes read, so many tables compared."""

    manifest: Manifest
    depth: str
    size: int = 0
    tables: int = 0


def prove(path: Path, *, depth: str = WHOLE, told: Told = silent) -> Proof:
    """Verify a backup to a depth; DamagedError or BackupError says what is wrong with it. Changes nothing."""
    with opened(path) as readers:
        reader = readers[-1]
        if depth == QUICK:
            return Proof(reader.manifest, depth)
        size = sum(read_whole(each, told) for each in readers)
        if depth == WHOLE or not reader.manifest.counts or reader.manifest.tenant:
            return Proof(reader.manifest, WHOLE, size)
        roles = reader.manifest.database.get("roles", [])
        with scratch_server(roles) as url:
            return Proof(reader.manifest, depth, size, _drill(readers, conninfo_to_dict(url), told))


def scratch_server(roles: list[str]) -> AbstractContextManager[str]:
    """Start a server for a proof (settings.BACKUP_SCRATCH_SERVER); yields its owner's URL."""
    started: AbstractContextManager[str] = import_string(settings.BACKUP_SCRATCH_SERVER)(roles)
    return started


def _drill(readers: list[Reader], owner: dict[str, Any], told: Told) -> int:
    """Restore into an empty server, write all of it down again, and compare; return how many tables."""
    reader = readers[-1]
    databases.make_empty(owner, DATABASE, roles=reader.manifest.database.get("roles", []))
    known = {**owner, "dbname": DATABASE}
    try:
        load(readers, known, told, increments.apply)
        with connect(known) as connection:
            refuse_other_counts(connection, reader.manifest.counts)
        if len(readers) == 1:
            refuse_differences(reader, known, told)
        else:
            refuse_other_sums(reader, known)
    finally:
        databases.drop(owner, DATABASE)
    return len(reader.manifest.counts)


def refuse_differences(reader: Reader, known: dict[str, Any], told: Told = silent) -> None:
    """Raise DamagedError where a database is not exactly what a full backup holds."""
    manifest = reader.manifest
    with snapshot(known) as shot:
        there = {table.name: table for table in shot.tables()}
        parts = {part.name.removeprefix(TABLE_PREFIX): part for part in manifest.under(TABLE_PREFIX)}
        different = sorted(set(there) ^ set(parts))
        for name, part in parts.items():
            if name in there and digest(shot, there[name]) != part.sha256:
                different.append(name)
            told(name)
        if catalogue.sequences(shot.connection) != manifest.sequences:
            different.append(_("the sequences"))
        for name, section in ((SCHEMA_BEFORE, "pre-data"), (SCHEMA_AFTER, "post-data")):
            if spelled_alike(dump_schema(known, section)) != spelled_alike(reader.text(name)):
                different.append(_("the schema"))
    if different:
        raise DamagedError(_("Restored, it is not what was backed up: %(names)s.") % {"names": ", ".join(different)})


def spelled_alike(schema: str) -> str:
    """Return a schema with the one thing that PostgreSQL spells otherwise when it has read its own words.

    It writes `status IN ('a', 'b')` down as `(ARRAY['a'::character varying, …])::text[]`, and that, read again, as
    `ARRAY[('a'::character varying)::text, …]` from then on.
    """
    return CAST_LIST.sub(lambda found: f"ARRAY[{CAST_WORD.sub(_cast_one, found[1])}]", schema)


def _cast_one(found: re.Match[str]) -> str:
    return f"({found[0]})::text"


def refuse_other_sums(reader: Reader, known: dict[str, Any]) -> None:
    """Raise DamagedError where a table is not what it was when an increment was made: its rows' checksums differ."""
    with snapshot(known) as shot:
        sums = {table.name: shot.sum(table) for table in shot.tables()}
    different = sorted(
        name for name in {*sums, *reader.manifest.sums} if sums.get(name) != reader.manifest.sums.get(name)
    )
    if different:
        raise DamagedError(_("Restored, it is not what was backed up: %(names)s.") % {"names": ", ".join(different)})


def digest(shot: Snapshot, table: catalogue.Table) -> str:
    """Return the SHA-256 of a table's rows as a backup has it."""
    made = hashlib.sha256()
    for piece in shot.rows(table):
        made.update(piece)
    return made.hexdigest()
