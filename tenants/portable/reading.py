"""Reading a tenant's rows as records: COPY streams them out of one snapshot, and PostgreSQL itself writes the JSON.

The program looks only into rows that are sealed, to open them. Neither side holds more than a few rows at a time, and
the transaction only reads: it holds up no event and no writer (decision 12).
"""

import json
from collections.abc import Generator, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.db import connection, transaction
from django.db.models import BooleanField, F, QuerySet
from django.db.models.expressions import Expression

from tenants.encryption.data_keys import keys_held
from tenants.encryption.errors import SealError
from tenants.encryption.fields import SealedModel
from tenants.encryption.sealing import PREFIX
from tenants.models import TenantModel
from tenants.portable.kinds import Kind
from tenants.scope import current_tenant_id, tenant_scope

UNREADABLE: Final = "unreadable"
ENCODE: Final = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
# All of a tenant is read: each table once, and joined by its keys. A tenant that PostgreSQL has not counted yet looks
# like one row to it, and it would read the tenant's rows anew for each of them.
ONE_SNAPSHOT: Final = (
    "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY",
    "SET LOCAL enable_nestloop = off",
)


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """Which rows: of a period (`end` itself is not in it), changed since a transaction, of some keys of a column."""

    begin: datetime | None = None
    end: datetime | None = None
    since: int | None = None
    keys: tuple[str, tuple[Any, ...]] | None = None


EVERYTHING: Final = Wanted()


class ChangedSince(Expression):
    """Whether a row was written by a transaction or a later one.

    Rows tell 32 bits of it, so ages are compared: a row that nobody has touched for two thousand million transactions
    may come once too often, none is left out.
    """

    output_field = BooleanField()

    def __init__(self, transaction: int) -> None:
        super().__init__()
        self.transaction = transaction

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, list[Any]]:
        """Return the condition."""
        table = connection.ops.quote_name(compiler.query.get_initial_alias())
        return f"age({table}.xmin) <= age(%s::text::xid)", [str(self.transaction % 2**32)]


@contextmanager
def one_snapshot(tenant: TenantModel) -> Iterator[None]:
    """Read a tenant as it is at this moment, whatever is written meanwhile; nothing can be written in it.

    Inside a transaction of the caller's it is the caller's snapshot.
    """
    is_own = not connection.in_atomic_block
    with transaction.atomic():
        if is_own:
            with connection.cursor() as cursor:
                for statement in ONE_SNAPSHOT:
                    cursor.execute(statement)
        with tenant_scope(tenant):
            yield


def count(kind: Kind, wanted: Wanted = EVERYTHING) -> int:
    """Return how many records there are."""
    sql, values = _rows(kind, wanted).values("pk").order_by().query.sql_with_params()
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM ({sql}) AS found", values)
        return int(cursor.fetchone()[0])


def records(kind: Kind, wanted: Wanted = EVERYTHING) -> Generator[str]:
    """Yield each record as JSON text, opened; the caller is in a tenant's unit of work.

    A field that does not open is null, and the record has its name under `unreadable`.
    """
    sealed = kind.model if issubclass(kind.model, SealedModel) else None
    places = ["tenant_id", *sealed.SEALED_PLACE] if sealed else []
    sql, values = _statement(kind, wanted, sealed, places)
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")  # so that the transaction has its tenant: copy() passes Django by
        if sealed is None:
            with cursor.cursor.copy(f"COPY ({sql}) TO STDOUT", values) as copy:
                for (text,) in copy.rows():
                    yield text
            return
        # While rows come the connection takes no other statement: asking for a key would wait for ever.
        with keys_held(current_tenant_id()), cursor.cursor.copy(f"COPY ({sql}) TO STDOUT", values) as copy:
            for text, is_sealed, *place in copy.rows():
                yield _opened(sealed, text, place) if is_sealed == "t" else text


def dressed_records(kind: Kind, wanted: Wanted) -> list[dict[str, Any]]:
    """Return some records with what is beside their rows; OSError for a file that cannot be read."""
    # Where a file is missing: while rows come the connection takes no ROLLBACK, it would wait for ever.
    with closing(records(kind, wanted)) as found:
        return [dressed(kind, text) for text in found]


def dressed(kind: Kind, text: str) -> dict[str, Any]:
    """Return a record with what is beside its row: the bytes of its files."""
    record: dict[str, Any] = json.loads(text)
    if kind.dress:
        kind.dress(record)
    return record


def _rows(kind: Kind, wanted: Wanted) -> QuerySet[Any]:
    rows: QuerySet[Any] = kind.model._default_manager.all()
    if kind.model is TenantModel:
        rows = rows.filter(pk=current_tenant_id())
    if wanted.begin is not None and kind.period:
        rows = rows.filter(**{f"{kind.period}__gte": wanted.begin})
    if wanted.end is not None and kind.period:
        rows = rows.filter(**{f"{kind.period}__lt": wanted.end})
    if wanted.keys is not None:
        rows = rows.filter(**{f"{wanted.keys[0]}__in": wanted.keys[1]})
    if wanted.since is not None:
        rows = rows.filter(ChangedSince(wanted.since))
    return rows


def _statement(kind: Kind, wanted: Wanted, sealed: type[SealedModel] | None, places: list[str]) -> tuple[str, Any]:
    fields = kind.fields
    paths = [*fields.values(), *([sealed.SEALED_FLAG, *places] if sealed else [])]
    columns = {f"column_{number}": F(path) for number, path in enumerate(paths)}
    rows = _rows(kind, wanted).order_by(*kind.order).annotate(**columns).values_list(*columns)
    sql, values = rows.query.sql_with_params()
    quote = connection.ops.quote_name
    held = ", ".join(f"found.column_{number} AS {quote(name)}" for number, name in enumerate(fields))
    beside = "".join(f", found.column_{number}" for number in range(len(fields), len(paths)))
    return (
        f"SELECT row_to_json(record)::text{beside} FROM ({sql}) AS found"
        f" CROSS JOIN LATERAL (SELECT '{kind.name}'::text AS kind, {held}) AS record",
        values,
    )


def _opened(model: type[SealedModel], text: str, place: list[str]) -> str:
    """Return a record with its sealed fields open."""
    record = json.loads(text)
    names = ["tenant_id", *model.SEALED_PLACE]
    options: Any = model._meta
    row = model(**{name: options.get_field(name).to_python(value) for name, value in zip(names, place, strict=True)})
    setattr(row, model.SEALED_FLAG, True)
    for name in model.SEALED:
        stored = record.get(name)
        if isinstance(stored, str) and stored.startswith(PREFIX):
            try:
                record[name] = row.opened(name, stored)
            except SealError:
                record[name] = None
                record.setdefault(UNREADABLE, []).append(name)
    return ENCODE(record)
