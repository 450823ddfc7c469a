"""Copying or moving data from one tenant to another, and proving by counts that nothing is missing.

Conversations go in batches, each in a transaction of its own: stopped, whole ones are over there, and running again
goes on. The rest goes in one transaction.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import Any, Final

from django.db import transaction

from tenants.lifecycle import portable_kinds
from tenants.models import TenantModel
from tenants.portable.kinds import Group, Kind
from tenants.portable.moving import (
    copy_rows,
    pages_of_chats,
    pages_of_keys,
    refuse_losses,
    remove_unused,
    take_chats,
)
from tenants.portable.reading import count
from tenants.portable.storing import Outcome
from tenants.scope import in_tenant, tenant_scope
from tenants.services.importing import owner_of_public_ids
from tenants.signals import identity_changed

Watch = Callable[[Iterator[int], int | None, str], Iterator[int]]
# People go with their conversations.
NEEDED: Final = {Group.CHATS: (Group.CONTACTS, Group.CHATS)}


SETTINGS: Final = ("settings", "default_language", "timezone")
# Of these the target's own row stays and the source's goes: it is the same person, or says the same.
MERGED: Final = ("contact", "thread", "context", "state", "channel", "agent_base")


@dataclass
class Migrated:
    """Counts by kind: what the source had, what is new in the target, was there already, or could not be stored."""

    source: Counter[str] = field(default_factory=Counter)
    created: Counter[str] = field(default_factory=Counter)
    skipped: Counter[str] = field(default_factory=Counter)
    unlinked: Counter[str] = field(default_factory=Counter)
    bad: list[str] = field(default_factory=list)
    left_out: Counter[str] = field(default_factory=Counter)
    left: Counter[str] = field(default_factory=Counter)

    def add(self, name: str, done: Outcome) -> None:
        """Note what became of some rows."""
        self.created[name] += done.created
        self.skipped[name] += done.skipped
        self.unlinked[name] += done.unlinked + done.left_out
        self.left_out[name] += done.left_out
        self.bad += [f"{name}: {problem}" for problem in done.bad.values()]

    @property
    def missing(self) -> dict[str, int]:
        """Return how many rows of each kind are in neither tenant's account."""
        counted = self.created + self.skipped + self.left_out
        names = {name: self.source[name] - counted[name] for name in self.source}
        return {name: missing for name, missing in names.items() if missing}

    def as_dict(self) -> dict[str, Any]:
        """Return it for people's programs."""
        names = ("source", "created", "skipped", "unlinked", "left")
        counts = {name: {kind: count for kind, count in getattr(self, name).items() if count} for name in names}
        return {**counts, "bad": self.bad, "missing": self.missing}


def kinds_of(groups: Sequence[Group]) -> list[Kind]:
    """Return the kinds that a migration of some groups takes, in their order. The audit log stays where it happened."""
    wanted = set(chain.from_iterable(NEEDED.get(group, (group,)) for group in groups))
    kinds = [kind for _name, kind in portable_kinds.items() if kind.group in wanted and kind.importable]
    return [kind for kind in kinds if kind.model is not TenantModel]


def counts_of(tenant: TenantModel, kinds: Sequence[Kind]) -> Counter[str]:
    """Return how many rows of each kind a tenant has."""
    with in_tenant(tenant):
        return Counter({kind.name: count(kind) for kind in kinds})


@dataclass(frozen=True)
class Migration:
    """From where, to where, and how."""

    source: TenantModel
    target: TenantModel
    groups: Sequence[Group]
    move: bool = False
    dry_run: bool = False


def migrate(wanted: Migration, watch: Watch) -> Migrated:
    """Copy (or move) groups of rows; LossError when a move cannot put a row into the target: it stays then.

    Rows that the target has already, by what names them, stay as they are there.
    """
    owner, kinds = owner_of_public_ids(), kinds_of(wanted.groups)
    told = Migrated(source=counts_of(wanted.source, kinds))
    rest = [kind for kind in kinds if kind.group is not Group.CHATS]
    chats = [kind for kind in kinds if kind.group is Group.CHATS]
    if wanted.dry_run:
        for kind in kinds:
            _go(watch(_copied(kind, owner, wanted, told), told.source[kind.name], kind.name))
        return told
    _audit(wanted)
    with transaction.atomic():
        if Group.SETTINGS in wanted.groups:
            _copy_settings(wanted)
        for kind in rest:
            _go(watch(_copied(kind, owner, wanted, told), told.source[kind.name], kind.name))
    if chats:
        _go(watch(_chats(chats, owner, wanted, told), told.source[owner.name], owner.name))
    if wanted.move:
        with tenant_scope(wanted.source):
            for kind in reversed(rest):
                remove_unused(kind)
        told.left = counts_of(wanted.source, kinds)
    return told


def _go(steps: Iterator[int]) -> None:
    for _step in steps:
        pass


def _audit(wanted: Migration) -> None:
    told = {"from": wanted.source.name, "to": wanted.target.name, "types": ",".join(wanted.groups)}
    for tenant in (wanted.source, wanted.target):
        with in_tenant(tenant):
            identity_changed.send(
                sender=migrate, action="data_moved" if wanted.move else "data_copied", user=None, tenant_id=tenant.pk,
                object_type="tenant", object_id=str(tenant.pk), details=told,
            )  # fmt: skip


def _copy_settings(wanted: Migration) -> None:
    wanted.source.refresh_from_db()
    for name in SETTINGS:
        setattr(wanted.target, name, getattr(wanted.source, name))
    wanted.target.save(update_fields=[*SETTINGS, "updated_at"])


def _copied(kind: Kind, owner: Kind, wanted: Migration, told: Migrated) -> Iterator[int]:
    with tenant_scope(wanted.source):
        pages = pages_of_keys(kind)
        while page := next(pages, None):
            move = wanted.move and kind.name not in MERGED
            done = copy_rows(kind, owner, page, wanted.source, wanted.target, move=move, dry_run=wanted.dry_run)
            told.add(kind.name, done)
            if move and done.bad:
                refuse_losses({kind.name: done})
            yield from range(len(page))


def _chats(kinds: Sequence[Kind], owner: Kind, wanted: Migration, told: Migrated) -> Iterator[int]:
    with tenant_scope(wanted.source):
        pages = pages_of_chats(owner)
        while page := next(pages, None):
            for name, done in take_chats(kinds, owner, page, wanted.source, wanted.target, move=wanted.move).items():
                told.add(name, done)
            yield from range(len(page))
