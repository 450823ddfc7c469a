"""Copying records from one tenant into another without a file: read in the one's scope, stored in the other's.

Conversations go some at a time with all that belongs to them; what is sealed is opened with the one tenant's key and
sealed with the other's.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from tenants.models import TenantModel
from tenants.portable.existing import places_of_existing, places_of_others
from tenants.portable.kinds import Kind
from tenants.portable.reading import Wanted, dressed_records
from tenants.portable.storing import Conflict, Outcome, store
from tenants.scope import in_tenant, tenant_scope


class LossError(Exception):
    """A row that cannot come into the target; nothing of its batch was moved."""


ROWS_AT_ONCE: Final = 500
MESSAGES_AT_ONCE: Final = 2_000


def pages_of_keys(kind: Kind, size: int = ROWS_AT_ONCE) -> Iterator[list[Any]]:
    """Yield the keys of a kind's rows of the tenant in scope, a page at a time."""
    rows = kind.model._default_manager.order_by("pk").values_list("pk", flat=True)
    last: Any = None
    while True:
        with transaction.atomic():
            page = list((rows if last is None else rows.filter(pk__gt=last))[:size])
        if not page:
            return
        last = page[-1]
        yield page


def copy_rows(
    kind: Kind, owner: Kind, keys: Sequence[Any], source: TenantModel, target: TenantModel, *, move: bool, dry_run: bool
) -> Outcome:
    """Copy some rows, in the caller's transaction if there is one; rows that the target has stay as they are.

    A `move` refuses by LossError to leave one out that says something else than the target's.
    """
    with in_tenant(source):
        found = dressed_records(kind, Wanted(keys=("pk", tuple(keys))))
    with in_tenant(target):
        if not dry_run:
            if move and (others := _others(kind, owner, found)):
                told = {"kind": kind.name, "name": others}
                raise LossError(_("%(kind)s %(name)s: the target has another one. Nothing of it was moved.") % told)
            return store(kind, owner, found, Conflict.SKIP)
        had = places_of_existing(kind, owner, found)
        return Outcome(created=len(found) - len(had), skipped=len(had))


def _others(kind: Kind, owner: Kind, found: Sequence[dict[str, Any]]) -> str:
    """Return the names of the records that are there already and say something else."""
    there = [found[place] for place in places_of_existing(kind, owner, found)]
    if not there:
        return ""
    names = kind.names_of_itself
    return ", ".join("/".join(str(there[place][name]) for name in names) for place in places_of_others(kind, there)[:5])


def pages_of_chats(owner: Kind) -> Iterator[list[Any]]:
    """Yield keys of conversations, as many as have some thousand messages together."""
    page: list[Any] = []
    messages = 0
    for keys in pages_of_keys(owner):
        with transaction.atomic():
            sizes = dict(owner.model._default_manager.filter(pk__in=keys).values_list("pk", "message_count"))
        for key in keys:
            page.append(key)
            messages += sizes.get(key, 0)
            if messages >= MESSAGES_AT_ONCE or len(page) >= ROWS_AT_ONCE:
                yield page
                page, messages = [], 0
    if page:
        yield page


def path_to_chat(kind: Kind, owner: Kind) -> str:
    """Return the column of a kind that holds its conversation's key."""
    if kind is owner:
        return "pk"
    return next(link.attribute for link in kind.links if set(link.named.values()) == {owner.public_id})


def take_chats(
    kinds: Sequence[Kind], owner: Kind, chats: Sequence[Any], source: TenantModel, target: TenantModel, *, move: bool
) -> dict[str, Outcome]:
    """Copy or move conversations with all that belongs to them, in one transaction of its own.

    A move takes the rows out of the one tenant before it puts them into the other: so they keep their ids.
    """
    leaving = source.pk if move else None
    with transaction.atomic():
        with tenant_scope(source):
            found = {
                kind.name: dressed_records(kind, Wanted(keys=(path_to_chat(kind, owner), tuple(chats))))
                for kind in kinds
            }
            if move:
                for kind in reversed(kinds):
                    _remove(kind, path_to_chat(kind, owner), chats)
        with tenant_scope(target):
            done = {kind.name: _in_parts(kind, owner, found[kind.name], leaving) for kind in kinds if found[kind.name]}
        if move:
            refuse_losses(done)
    for kind in kinds:
        if move and kind.discard:
            kind.discard(found[kind.name])
    return done


def refuse_losses(done: Mapping[str, Outcome]) -> None:
    """Raise LossError, inside the transaction, when a row would leave the one tenant and not come into the other."""
    for name, outcome in done.items():
        if outcome.bad or outcome.skipped:
            problem = next(iter(outcome.bad.values()), _("The target has a row of this name already."))
            raise LossError(_("%(kind)s: %(problem)s Nothing of it was moved.") % {"kind": name, "problem": problem})


def _in_parts(kind: Kind, owner: Kind, found: Sequence[dict[str, Any]], leaving: UUID | None) -> Outcome:
    done = Outcome()
    for begin in range(0, len(found), ROWS_AT_ONCE):
        part = store(kind, owner, found[begin : begin + ROWS_AT_ONCE], Conflict.SKIP, leaving=leaving)
        done.created, done.skipped = done.created + part.created, done.skipped + part.skipped
        done.unlinked += part.unlinked
        done.bad |= {begin + place: problem for place, problem in part.bad.items()}
    return done


def remove_unused(kind: Kind) -> None:
    """Remove a kind's rows that nothing of the tenant in scope uses any more, some at a time."""
    rows = kind.model._default_manager.all()
    rows = kind.unused(rows) if kind.unused else rows
    while True:
        with transaction.atomic():
            page = list(rows.order_by("pk").values_list("pk", flat=True)[:ROWS_AT_ONCE])
            if not page:
                return
            kind.model._default_manager.filter(pk__in=page).delete()


def _remove(kind: Kind, path: str, chats: Sequence[Any]) -> None:
    rows = kind.model._default_manager.filter(**{f"{path}__in": chats})
    rows._raw_delete(rows.db)
