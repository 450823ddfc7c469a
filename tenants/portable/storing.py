"""Storing records: a batch in one statement, in the caller's transaction; a bad row of it is found and left out.

PostgreSQL reads the rows out of one JSON parameter, so no number of columns times rows is too many for a statement.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

from django.db import DataError, IntegrityError, connection, models, transaction
from django.db.models.expressions import DatabaseDefault
from django.utils import timezone
from django.utils.translation import gettext as _

from tenants.db.statistics import grown
from tenants.encryption.fields import SealedJSONField, SealedTextField
from tenants.encryption.word_keys import WordKeysField
from tenants.fields import uuid7
from tenants.portable.checking import BadRecordError, checked
from tenants.portable.kinds import Kind, Link
from tenants.portable.resolving import Record, free_keys, keys_named, names_in, own_public_ids
from tenants.scope import current_tenant_id

MADE_WHEN_STORED: Final = (SealedTextField, SealedJSONField, WordKeysField)
NEXT_KEYS: Final = "SELECT nextval(pg_get_serial_sequence(%s, 'id')) FROM generate_series(1, %s)"


class Conflict(StrEnum):
    """What happens to a record whose row is there already."""

    FAIL = "fail"
    SKIP = "skip"
    UPDATE = "update"


@dataclass
class Outcome:
    """What became of a batch: bad ones by their place in it, with the reason."""

    created: int = 0
    updated: int = 0
    skipped: int = 0
    unlinked: int = 0
    left_out: int = 0
    bad: dict[int, str] = field(default_factory=dict)


class MissingRowError(BadRecordError):
    """A record that needs a row which is not there."""


@dataclass(frozen=True)
class _Row:
    place: int
    instance: Any


def store(
    kind: Kind, owner: Kind, records: Sequence[Record], conflict: Conflict, *, leaving: UUID | None = None
) -> Outcome:
    """Store records of one kind in the tenant in scope; `owner` is the kind that has public ids.

    `leaving` is a tenant whose rows go in this very transaction: their ids are free.
    """
    done = Outcome()
    own = own_public_ids(kind, owner, records, leaving)
    rows = _instances(kind, own, done)
    if not rows:
        return done
    _give_keys(kind, rows, leaving)
    _link_to_one_another(kind, rows, own)
    if kind.prepare:
        kind.prepare([row.instance for row in rows])
    new = _insert(kind, rows, conflict, done)
    if kind.stored and new:
        kind.stored(new)
    return done


def _instances(kind: Kind, records: Sequence[Record], done: Outcome) -> list[_Row]:
    """Return unsaved instances; what is bad, or misses a row that it belongs to, is noted."""
    keys = {link.attribute: keys_named(kind, link, records) for link in kind.links}
    rows: list[_Row] = []
    seen: set[Any] = set()
    for place, record in enumerate(records):
        try:
            instance = kind.model(**checked(kind, record), tenant_id=current_tenant_id())
            instance.__dict__.update({name: record.get(name) for name in kind.beside})
            done.unlinked += _link(kind, instance, record, keys)
            identity = tuple(str(getattr(instance, name)) for name in _identity(kind))
            if identity in seen:
                raise BadRecordError(_("It is there twice."))
            seen.add(identity)
            rows.append(_Row(place, instance))
        except MissingRowError as error:
            if kind.loose:
                done.left_out += 1
            else:
                done.bad[place] = str(error)
        except BadRecordError as error:
            done.bad[place] = str(error)
    return rows


def _identity(kind: Kind) -> list[str]:
    return [kind.meta.get_field(name).attname for name in kind.identity]


def _link(kind: Kind, instance: Any, record: Record, keys: dict[str, Any]) -> int:
    """Set an instance's keys; return how many rows that it names are not there."""
    missing = 0
    for link in kind.links:
        names = names_in(link, record)
        key = keys[link.attribute].get(names) if names else None
        if key is None and link.required:
            told = ", ".join(f"{name}={record.get(name)}" for name in link.named)
            raise MissingRowError(_("What it belongs to is not here: %(names)s.") % {"names": told})
        setattr(instance, kind.meta.get_field(link.attribute).attname, key)
        missing += bool(names and key is None and not _is_to_itself(kind, link))
    return missing


def _is_to_itself(kind: Kind, link: Link) -> bool:
    return bool(kind.meta.get_field(link.attribute).related_model is kind.model)


def _link_to_one_another(kind: Kind, rows: list[_Row], records: Sequence[Record]) -> None:
    """Let rows name others of their batch, whose keys are given before they are stored."""
    for link in filter(lambda each: _is_to_itself(kind, each), kind.links):
        attribute = kind.meta.get_field(link.attribute).attname
        field_of = {path: name for name, path in kind.fields.items()}
        called = [field_of[path] for path in link.named.values()]
        keys = {tuple(str(records[row.place][name]) for name in called): row.instance.pk for row in rows}
        for row in rows:
            names = names_in(link, records[row.place])
            if names and getattr(row.instance, attribute) is None:
                setattr(row.instance, attribute, keys.get(names))


def _give_keys(kind: Kind, rows: list[_Row], leaving: UUID | None) -> None:
    """Give every row the key that it has in the record, where it is free, else a new one."""
    key = kind.meta.pk
    if isinstance(key, models.AutoField | models.BigAutoField):
        with connection.cursor() as cursor:
            cursor.execute(NEXT_KEYS, [kind.meta.db_table, len(rows)])
            for row, (number,) in zip(rows, cursor.fetchall(), strict=True):
                row.instance.pk = number
        return
    wanted = [row.instance.pk for row in rows if isinstance(row.instance.pk, UUID)]
    free = free_keys(kind.model, wanted, leaving, is_identity=list(kind.identity) == [key.name])
    for row in rows:
        row.instance.pk = free.get(row.instance.pk) or uuid7()


def _insert(kind: Kind, rows: list[_Row], conflict: Conflict, done: Outcome) -> list[Any]:
    """Store rows and count them; return those that are new. Where the database refuses, each is tried alone."""
    try:
        with transaction.atomic():
            return _inserted(kind, rows, conflict, done)
    except (DataError, IntegrityError) as error:
        if len(rows) == 1:
            done.bad[rows[0].place] = str(error).strip().splitlines()[0]
            return []
    new: list[Any] = []
    refused: set[Any] = set()
    for row in rows:
        _forget(kind, row.instance, refused)
        new += _insert(kind, [row], conflict, done)
        refused |= {row.instance.pk} if row.place in done.bad else set()
    return new


def _forget(kind: Kind, instance: Any, refused: set[Any]) -> None:
    """Take out the links to rows of the same batch that the database has refused."""
    for link in kind.links:
        attribute = kind.meta.get_field(link.attribute).attname
        if _is_to_itself(kind, link) and getattr(instance, attribute) in refused:
            setattr(instance, attribute, None)


def _inserted(kind: Kind, rows: list[_Row], conflict: Conflict, done: Outcome) -> list[Any]:
    told = [_columns(kind, row.instance) for row in rows]
    stored: dict[Any, bool] = {}
    for names in dict.fromkeys(tuple(each) for each in told):
        values = [each for each in told if tuple(each) == names]
        with connection.cursor() as cursor:
            cursor.execute(_statement(kind, names, conflict), [json.dumps(values, default=_plain)])
            stored |= dict(cursor.fetchall())
    new = [row.instance for row in rows if stored.get(row.instance.pk)]
    grown(kind.meta.db_table, len(new))
    done.created += len(new)
    done.updated += len(stored) - len(new)
    done.skipped += len(rows) - len(stored)
    return new


def _columns(kind: Kind, instance: Any) -> dict[str, Any]:
    """Return a row's columns as they are stored. What is sealed comes first: it decides on the row's flag."""
    fields = [each for each in kind.meta.local_concrete_fields if not each.generated]
    made = {each.column: each.pre_save(instance, add=True) for each in fields if isinstance(each, MADE_WHEN_STORED)}
    told = {each.column: getattr(instance, each.attname) for each in fields} | made
    for each in fields:
        if told[each.column] is None and (getattr(each, "auto_now", False) or getattr(each, "auto_now_add", False)):
            told[each.column] = timezone.now()
    return {name: value for name, value in told.items() if not isinstance(value, DatabaseDefault)}


def _statement(kind: Kind, names: Sequence[str], conflict: Conflict) -> str:
    quote = connection.ops.quote_name
    table, columns = quote(kind.meta.db_table), ", ".join(map(quote, names))
    identity = [kind.meta.get_field(name).column for name in kind.identity]
    target = ", ".join(map(quote, [*_tenant_of_index(kind), *identity]))
    action = "NOTHING"
    if conflict is Conflict.UPDATE:
        changed = [name for name in names if name not in {*identity, "tenant_id", kind.meta.pk.column, "created_at"}]
        sets = (_change(kind, name, quote(name)) for name in changed)
        action = f"UPDATE SET {', '.join(sets)}" if changed else "NOTHING"
    return (
        f"INSERT INTO {table} AS had ({columns})"
        f" SELECT {columns} FROM json_populate_recordset(NULL::{table}, %s::json)"
        f" ON CONFLICT ({target}) DO {action} RETURNING {quote(kind.meta.pk.column)}, xmax = 0"
    )


def _change(kind: Kind, name: str, quoted: str) -> str:
    if name in kind.derived:
        return f"{quoted} = had.{quoted}"
    value = f"greatest(had.{quoted}, EXCLUDED.{quoted})" if name in kind.rising else f"EXCLUDED.{quoted}"
    return f"{quoted} = {value}"


def _tenant_of_index(kind: Kind) -> list[str]:
    """Return the tenant's column where the unique index over the identity begins with it."""
    indexes = [list(each.fields) for each in kind.meta.constraints if isinstance(each, models.UniqueConstraint)]
    return ["tenant_id"] if ["tenant", *kind.identity] in indexes else []


def _plain(value: Any) -> Any:
    """Return what JSON does not know as PostgreSQL reads it."""
    if isinstance(value, datetime):
        return value.isoformat()
    return value.tolist() if hasattr(value, "tolist") else str(value)
