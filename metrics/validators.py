"""Validators: what can be wrong with stored rows, and how it is mended. Apps bring theirs in `health.py`.

Each looks at one model's rows, a page at a time in a transaction of its own (decision 12), so that neither memory nor
locks grow with the number of rows. Source: commands.md, `validate_system`.
"""

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from typing import Any

from django.apps import apps
from django.db import connection, models
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from tenants.models import TenantOwned
from tenants.registry import Registry
from tenants.scope import scope

Keys = list[Any]


@dataclass(frozen=True)
class Validator:
    """What is wrong with rows of a model: `find` returns the keys of those among a page's that are.

    `says` names them in words. `mend` changes those that a program can set right and returns how many that were; None
    where nobody but a person can. `shown` is the field by which people know a row. A model without a tenant is the
    installation's, and looked at once.
    """

    says: str | Promise
    model: type[models.Model]
    find: Callable[[Keys], Keys]
    mend: Callable[[Keys], int] | None = None
    shown: str = "pk"

    @property
    def is_of_tenants(self) -> bool:
        """Tell whether the rows belong to tenants."""
        return issubclass(self.model, TenantOwned)


VALIDATORS: Registry[Validator] = Registry("validator")


def by_sql(statement: str) -> Callable[[Keys], Keys]:
    """Return a `find` that asks the database: a SELECT of keys with %(keys)s, in the tenant %(tenant)s."""

    def find(keys: Keys) -> Keys:
        with connection.cursor() as cursor:
            cursor.execute(statement, _values(keys))
            return [row[0] for row in cursor.fetchall()]

    return find


def mend_by_sql(statement: str) -> Callable[[Keys], int]:
    """Return a `mend` by one statement with %(keys)s, in the tenant %(tenant)s."""

    def mend(keys: Keys) -> int:
        with connection.cursor() as cursor:
            cursor.execute(statement, _values(keys))
            changed: int = cursor.rowcount
            return changed

    return mend


def _values(keys: Keys) -> dict[str, Any]:
    return {"keys": keys, "tenant": scope()}


def add_model_validators(app: str, *, but: Collection[type[models.Model]] = ()) -> None:
    """Register what may be wrong with any model of an app: references, values that nothing knows, the next number."""
    for model in apps.get_app_config(app).get_models():
        if not model._meta.managed or model in but:
            continue
        name = model._meta.model_name
        for field in _references(model):
            VALIDATORS.add(f"{app}.reference.{name}.{field.name}", _reference(model, field))
        if isinstance(model._meta.pk, models.AutoField):
            VALIDATORS.add(f"{app}.number.{name}", _number(model))
        for chosen in _choices(model):
            VALIDATORS.add(f"{app}.value.{name}.{chosen.name}", _value(model, chosen))


def _references(model: type[models.Model]) -> Iterable[Any]:
    fields = [field for field in model._meta.local_fields if isinstance(field, models.ForeignKey)]
    return [field for field in fields if field.name != "tenant"]


def _choices(model: type[models.Model]) -> Iterable[Any]:
    texts = [field for field in model._meta.local_fields if isinstance(field, models.CharField)]
    return [field for field in texts if field.choices]


def _quoted(name: str) -> str:
    return connection.ops.quote_name(name)


def _reference(model: type[models.Model], field: Any) -> Validator:
    """A row that points to one that is gone, or to a neighbour's; where it may point nowhere, it is made to."""
    target = field.related_model
    table, column, key = (_quoted(name) for name in (model._meta.db_table, field.column, model._meta.pk.column))
    same = "AND there.tenant_id = here.tenant_id" if issubclass(target, TenantOwned) else ""
    find = (
        f"SELECT here.{key} FROM {table} AS here WHERE here.{key} = ANY(%(keys)s) AND here.{column} IS NOT NULL AND NOT"
        f" EXISTS (SELECT FROM {_quoted(target._meta.db_table)} AS there"
        f" WHERE there.{_quoted(field.target_field.column)} = here.{column} {same})"
    )
    mend = f"UPDATE {table} SET {column} = NULL WHERE {key} = ANY(%(keys)s)"
    says = _("rows that point to one that is gone")
    return Validator(says, model, by_sql(find), mend_by_sql(mend) if field.null else None)


def _value(model: type[models.Model], field: Any) -> Validator:
    """A row with a value that is none of those that the field knows."""
    known = [str(value) for value, _label in field.flatchoices] + ([""] if field.blank else [])

    def find(keys: Keys) -> Keys:
        rows = model._default_manager.filter(pk__in=keys).exclude(**{f"{field.name}__in": known})
        return list(rows.exclude(**{field.name: None}).values_list("pk", flat=True))

    return Validator(_("rows with a value that nothing knows"), model, find)


def _number(model: type[models.Model]) -> Validator:
    """Rows with a number that the table would give again: after rows were copied with theirs."""
    meta = model._meta
    sequence = f"pg_get_serial_sequence('{meta.db_table}', '{meta.pk.column}')"
    last = f"coalesce(pg_sequence_last_value({sequence}::regclass), 0)"
    find = f"SELECT key FROM unnest(%(keys)s::bigint[]) AS key WHERE key > {last}"
    # By nextval(), which the application may: setval() is the owner's.
    mend = (
        f"SELECT nextval({sequence}::regclass) FROM generate_series({last} + 1, (SELECT max(key) FROM"
        " unnest(%(keys)s::bigint[]) AS key))"
    )

    def advance(keys: Keys) -> int:
        mend_by_sql(mend)(keys)
        return len(keys)

    return Validator(_("rows with a number that would be given again"), model, by_sql(find), advance)
