"""Bringing what is stored to a tenant's policy and key, in short transactions; killed, it goes on when run again.

What is left to do is seen on the rows themselves, so there is no progress to keep that could be wrong.
"""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from django.apps import apps
from django.db import connection, transaction
from django.db.models import Q, QuerySet

from tenants.crash_points import crash_point
from tenants.encryption.data_keys import CURRENT_FRESH_SECONDS, current_key, new_current_key, wrap_anew
from tenants.encryption.errors import SealError
from tenants.encryption.fields import SealedModel
from tenants.encryption.sealing import PREFIX
from tenants.models import DataKey
from tenants.registry import Registry
from tenants.scope import current_tenant_id

BATCH: Final = 1_000
# What apps do when rows became sealed or clear, in the same transaction: the rows are clear instances, their flag says
# which. A rotation calls nobody: nothing that can be seen changes.
changed_rows: Registry[Callable[[list[Any]], None]] = Registry("what follows from sealing stored rows")


class Change(StrEnum):
    """What is done with the rows."""

    FOLLOW_POLICY = "follow_policy"
    SEAL_ALL = "seal_all"
    ROTATE = "rotate"
    UNSEAL = "unseal"


@dataclass(frozen=True)
class Batch:
    """What one transaction did: rows read, rows changed, and the keys of rows that did not open."""

    table: str
    read: int
    changed: int
    unreadable: tuple[str, ...] = ()


def sealed_models() -> list[type[SealedModel]]:
    """Return the models with sealed fields, of every app."""
    return [model for model in apps.get_models() if issubclass(model, SealedModel)]


def change_all(change: Change, *, batch: int = BATCH, dry_run: bool = False) -> Iterator[Batch]:
    """Change the current tenant's rows, each batch in a transaction of its own; yield what each did."""
    for model in sealed_models():
        yield from _change_model(model, change, batch, dry_run=dry_run)


def rotate(*, batch: int = BATCH, dry_run: bool = False) -> Iterator[Batch]:
    """Seal everything of the current tenant by a new data key, and wrap all its keys by the first master key.

    A rotation that was cut off is finished first, instead of another begun. Ends when nothing is sealed by an older
    key, not even by a process that had not heard of the new one yet.
    """
    with transaction.atomic():
        if not DataKey.objects.filter(tenant_id=current_tenant_id()).exists():
            return
    if not dry_run:
        _begin_rotation()
    while True:
        began, changed = time.monotonic(), 0
        for done in change_all(Change.ROTATE, batch=batch, dry_run=dry_run):
            changed += done.changed
            yield done
        if dry_run or not changed:
            return
        # Others seal by the key that they know for so long.
        time.sleep(max(0.0, CURRENT_FRESH_SECONDS + 1 - (time.monotonic() - began)))


def _begin_rotation() -> None:
    tenant_id = current_tenant_id()
    with transaction.atomic():
        wrap_anew(tenant_id)
        is_cut_off = any(_rows(model, Change.ROTATE).exists() for model in sealed_models())
        if not is_cut_off:
            new_current_key(tenant_id)
    crash_point("rotation.begun")


def _rows(model: type[SealedModel], change: Change) -> "QuerySet[Any]":
    """Return the rows that a change looks at."""
    rows: QuerySet[Any] = model._default_manager.filter(Q(tenant=current_tenant_id())).order_by("pk")
    if change in (Change.FOLLOW_POLICY, Change.SEAL_ALL):
        return rows.filter(**{model.SEALED_FLAG: False})
    rows = rows.filter(**{model.SEALED_FLAG: True})
    return rows if change is Change.UNSEAL else rows.filter(_by_older_keys(model))


def _by_older_keys(model: type[SealedModel]) -> Q:
    if model.SEALED_KEY:
        older = DataKey.objects.filter(tenant_id=current_tenant_id(), is_current=False).values_list("id", flat=True)
        return Q(**{f"{model.SEALED_KEY}__in": [str(each) for each in older]})
    current, _key = current_key(current_tenant_id())
    name = model.SEALED[0]
    return Q(**{f"{name}__startswith": PREFIX}) & ~Q(**{f"{name}__startswith": f"{PREFIX}{current}."})


def _change_model(model: type[SealedModel], change: Change, size: int, *, dry_run: bool) -> Iterator[Batch]:
    last: Any = None
    while True:
        with transaction.atomic():
            rows = _rows(model, change)
            if last is not None:
                rows = rows.filter(pk__gt=last)
            page = list((rows if dry_run else rows.select_for_update(no_key=True))[:size])
            if not page:
                return
            changed, unreadable = _decided(page, change)
            if changed and not dry_run:
                _write(model, changed)
                if change is not Change.ROTATE:
                    for _name, follow in changed_rows.items():
                        follow(changed)
                crash_point("rotation.before_commit")
        last = page[-1].pk
        yield Batch(model._meta.db_table, len(page), len(changed), tuple(unreadable))


def _decided(page: list[Any], change: Change) -> tuple[list[Any], list[str]]:
    """Return the rows that change, with their new flag, and the keys of those that do not open."""
    changed, unreadable = [], []
    for row in page:
        try:
            for name in row.SEALED:
                getattr(row, name)
        except SealError:
            unreadable.append(str(row.pk))
            continue
        if _mark(row, change):
            changed.append(row)
    return changed, unreadable


def _mark(row: SealedModel, change: Change) -> bool:
    """Set a row's flag as the change wants it; tell whether the row is to be written."""
    if change is Change.UNSEAL:
        setattr(row, row.SEALED_FLAG, False)
        return True
    if change is Change.SEAL_ALL:
        setattr(row, row.SEALED_FLAG, any(getattr(row, name) for name in row.SEALED))
    elif change is Change.FOLLOW_POLICY:
        row.decide()
    return bool(getattr(row, row.SEALED_FLAG))


def _write(model: type[SealedModel], rows: list[Any]) -> None:
    """Store the rows' sealed fields in one statement, and nothing else of them: nobody has touched the rows."""
    names = [*model.SEALED, model.SEALED_FLAG, *([model.SEALED_KEY] if model.SEALED_KEY else [])]
    fields: list[Any] = [model._meta.pk, *(model._meta.get_field(name) for name in names)]
    for row in rows:
        if model.SEALED_KEY:
            setattr(row, model.SEALED_KEY, "")
    columns = [[field.get_db_prep_save(field.pre_save(row, add=False), connection) for row in rows] for field in fields]
    quoted = [connection.ops.quote_name(field.column) for field in fields]
    kinds = [str(field.rel_db_type(connection) if field.primary_key else field.db_type(connection)) for field in fields]
    sets = ", ".join(f"{name} = new.{name}" for name in quoted[1:])
    given = ", ".join(f"%s::{_kind(kind)}[]" for kind in kinds)
    casts = ", ".join(f"{name}::{kind} AS {name}" for name, kind in zip(quoted, kinds, strict=True))
    table = connection.ops.quote_name(model._meta.db_table)
    sql = (
        f"UPDATE {table} AS old SET {sets} FROM (SELECT {casts} FROM unnest({given}) AS given ({', '.join(quoted)}))"
        f" AS new WHERE old.{quoted[0]} = new.{quoted[0]} AND old.tenant_id = %s"
    )
    with connection.cursor() as cursor:
        cursor.execute(sql, [*columns, current_tenant_id()])


def _kind(kind: str) -> str:
    return "text" if kind == "jsonb" else kind
