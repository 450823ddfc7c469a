"""What the names in records stand for in this tenant: the keys of rows, and ids that another tenant has already."""

import re
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import NAMESPACE_OID, UUID, uuid5

from tenants.models import Membership, TenantOwned, User
from tenants.portable.kinds import Kind, Link
from tenants.scope import all_tenants, current_tenant_id

Record = dict[str, Any]


def own_public_ids(kind: Kind, owner: Kind, records: Sequence[Record], leaving: UUID | None = None) -> list[Record]:
    """Return the records with the public ids that their rows have in this tenant; `owner` is the kind that has them.

    An id stays as it is unless another tenant's row has it. Then it is one computed from tenant and id: the same each
    time, so that a second import finds what the first has stored.
    """
    ids = {found for record in records for name in kind.names_of_public_ids if (found := _uuid(record.get(name)))}
    if not ids:
        return list(records)
    computed = {each: _computed(each) for each in ids}
    column = owner.public_id
    rows = owner.model._default_manager.filter(**{f"{column}__in": [*ids, *computed.values()]})
    here = set(rows.values_list(column, flat=True))
    elsewhere = _taken(owner.model, column, ids - here, leaving)
    told = {
        str(each): str(computed[each] if each not in here and (computed[each] in here or each in elsewhere) else each)
        for each in ids
    }
    return [
        record | {name: told[str(own)] for name in kind.names_of_public_ids if (own := _uuid(record.get(name)))}
        for record in records
    ]


def free_keys(model: Any, wanted: Sequence[UUID], leaving: UUID | None, *, is_identity: bool) -> dict[UUID, UUID]:
    """Return a key for each wanted one: itself, or one computed for this tenant where another row has it.

    Where the key is all that names a row (`is_identity`), this tenant's own row of it is the row itself.
    """
    keys = set(wanted)
    here = set(model._default_manager.filter(pk__in=keys).values_list("pk", flat=True)) if is_identity else set()
    taken = _taken(model, "pk", keys - here, leaving)
    return {each: _computed(each) if each in taken else each for each in wanted}


def _computed(wanted: UUID) -> UUID:
    """Return the id that stands for another one in this tenant; the same each time."""
    return uuid5(NAMESPACE_OID, f"{current_tenant_id()}/{wanted}")


def _taken(model: Any, column: str, ids: set[UUID], leaving: UUID | None) -> set[UUID]:
    if not ids:
        return set()
    with all_tenants():
        rows = model._default_manager.filter(**{f"{column}__in": ids}).exclude(tenant_id=leaving)
        return set(rows.values_list(column, flat=True))


def keys_named(kind: Kind, link: Link, records: Sequence[Record]) -> dict[tuple[str, ...], Any]:
    """Return the keys of the rows that a link of some records names, by what `names_in` returns.

    A link without an attribute names rows of the kind itself.
    """
    wanted = {names for record in records if (names := names_in(link, record))}
    if not wanted:
        return {}
    target: Any = kind.meta.get_field(link.attribute).related_model if link.attribute else kind.model
    if target is User:  # people of this tenant alone
        people = Membership.objects.filter(user__email__in=[email for (email,) in wanted])
        return {(email,): key for email, key in people.values_list("user__email", "user_id")}
    paths = list(link.named.values())
    usable = [names for names in wanted if _fit(target, paths, names)]
    sought = {f"{path}__in": {names[place] for names in usable} for place, path in enumerate(paths)}
    rows = (
        target._default_manager.filter(**sought) if issubclass(target, TenantOwned) else target.objects.filter(**sought)
    )
    found = {tuple(map(str, names)): key for *names, key in rows.values_list(*paths, "pk")}
    return {names: found[names] for names in wanted if names in found}


def names_in(link: Link, record: Mapping[str, Any]) -> tuple[str, ...] | None:
    """Return what a record says of a link's row, as texts; None when it names none."""
    values = [record.get(name) for name in link.named]
    if any(value is None for value in values):
        return None
    return tuple(str(_uuid(value) or value) for value in values)


def _fit(target: Any, paths: Sequence[str], names: Sequence[str]) -> bool:
    """Tell whether texts can be values of the columns at all: asking for them is an error otherwise."""
    for path, name in zip(paths, names, strict=True):
        model, field = target, None
        for part in path.split("__"):
            field = model._meta.get_field(part)
            model = field.related_model or model
        kind = field.get_internal_type() if field else ""
        if kind == "UUIDField" and _uuid(name) is None:
            return False
        if kind == "IntegerField" and not re.fullmatch(r"-?[0-9]{1,9}", name):
            return False
    return True


def _uuid(value: Any) -> UUID | None:
    try:
        return UUID(value) if isinstance(value, str) and len(value) == 36 else None
    except ValueError:
        return None
