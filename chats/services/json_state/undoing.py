"""Undoing one batch exactly: rows that it made go, fields that it changed are as they were.

What somebody wrote since is never lost without being asked for: it is listed, and undone only with `overwrite`. A
contact that has conversations by now stays as their person, without what the batch wrote into it. Labels that others
added stay. A later batch over the same people is undone first.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import Any, Final
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from audit.services import AuditService
from chats.models import ChangedTable, Contact, JsonStateBatch, JsonStateChange
from chats.services.json_state.rows import MODELS, plain, set_values, update, values_of
from chats.services.json_state.writing import lock_state
from tenants.scope import current_tenant_id

PEOPLE_AT_ONCE: Final = 500
BLANK: Final[dict[str, Any]] = {"name": "", "chat_address": "", "labels": []}
# Made rows of other tables go before their contact, and a thread before another becomes active.
TABLES: Final = (ChangedTable.THREAD, ChangedTable.STATE, ChangedTable.CONTACT)


@dataclass(frozen=True)
class Later:
    """A field that was changed since the batch wrote it: what it is now, and what undoing makes of it."""

    contact: str
    table: str
    name: str
    now: Any
    becomes: Any


@dataclass
class Undone:
    """What undoing does: rows by what happens to them, later changes, and batches that must be undone before."""

    counts: Counter[str] = field(default_factory=Counter)
    later: list[Later] = field(default_factory=list)
    blocked_by: set[UUID] = field(default_factory=set)


class ChangedSinceError(RuntimeError):
    """Somebody changed something between the look and the undoing; what was undone so far stays undone."""


def look(batch: JsonStateBatch) -> Undone:
    """Return what undoing a batch would do, without doing it."""
    found = Undone()
    for keys in _people(batch):
        with transaction.atomic():
            _Undoing(batch, keys, found).plan()
    return found


def undo(batch: JsonStateBatch, *, overwrite: bool = False) -> Iterator[int]:
    """Undo a batch, some hundred people in a transaction; yield how many each was. Cut off, it goes on when repeated.

    Raises ChangedSinceError where something else was written since and `overwrite` is not given.
    """
    done = Undone()
    for keys in _people(batch):
        with transaction.atomic():
            lock_state()
            undoing = _Undoing(batch, keys, done)
            undoing.plan()
            if done.blocked_by or (done.later and not overwrite):
                raise ChangedSinceError
            undoing.flush()
        yield len(keys)
    with transaction.atomic():
        batch.undone_at = timezone.now()
        batch.save(update_fields=["undone_at"])
        tenant_id = current_tenant_id()
        AuditService.log_event(
            "json_state_undone", None, tenant_id, "json_state_batch", str(batch.pk),
            {**done.counts, "overwritten": len(done.later)},
        )  # fmt: skip


def _people(batch: JsonStateBatch) -> Iterator[list[UUID]]:
    """Yield the contacts of a batch, some hundred at a time, in order; those whose changes are gone are passed by."""
    last = UUID(int=0)
    while True:
        with transaction.atomic():
            rows = JsonStateChange.objects.filter(batch=batch, contact_id__gt=last).order_by("contact_id")
            keys = list(rows.values_list("contact_id", flat=True).distinct()[:PEOPLE_AT_ONCE])
        if not keys:
            return
        last = keys[-1]
        yield keys


class _Undoing:
    """One transaction's part of a batch."""

    def __init__(self, batch: JsonStateBatch, keys: Sequence[UUID], found: Undone) -> None:
        self.found, self.keys = found, keys
        self.changes = list(JsonStateChange.objects.filter(batch=batch, contact_id__in=keys).order_by("id"))
        newest = max((change.pk for change in self.changes), default=0)
        others = JsonStateChange.objects.filter(contact_id__in=keys, id__gt=newest).exclude(batch=batch)
        found.blocked_by |= set(others.values_list("batch_id", flat=True).distinct())
        self.rows: dict[tuple[str, UUID], Any] = {}
        for table, model in MODELS.items():
            wanted = [change.row for change in self.changes if change.table == table]
            for row in model.objects.select_for_update().filter(pk__in=wanted).order_by("pk"):
                self.rows[table, row.pk] = row
        contacts = Contact.objects.filter(pk__in=keys).values_list("pk", "external_id")
        self.ids: dict[UUID, str] = dict(contacts)
        self.gone: dict[str, list[UUID]] = defaultdict(list)
        self.changed: dict[str, list[tuple[Any, tuple[str, ...]]]] = defaultdict(list)

    def plan(self) -> None:
        """Decide about every row, and add it up."""
        busy = self._busy()
        for change in self.changes:
            row = self.rows.get((change.table, change.row))
            if row is None:
                self.found.counts["gone_already"] += 1
            elif not change.was_made:
                self._put_back(change, row, change.before, f"{change.table}s_put_back")
            elif change.table == ChangedTable.CONTACT and change.row in busy:
                blank = {name: value for name, value in BLANK.items() if change.after[name]}
                self._put_back(change, row, blank, "contacts_kept")
            else:
                self._look_for_later(change, row, dict.fromkeys(change.after))
                self.found.counts[f"{change.table}s_removed"] += 1
                self.gone[change.table].append(change.row)

    def _put_back(self, change: JsonStateChange, row: Any, values: dict[str, Any], what: str) -> None:
        becomes = dict(values)
        if "last_activity" in becomes and plain(row.last_activity) != change.after["last_activity"]:
            del becomes["last_activity"]  # the person was there since
        if "labels" in becomes:
            added = set(change.after["labels"]) - set(becomes["labels"])
            becomes["labels"] = [label for label in row.labels if label not in added]
        self._look_for_later(change, row, {name: value for name, value in becomes.items() if name != "labels"})
        set_values(row, becomes)
        self.changed[change.table].append((row, tuple(becomes)))
        self.found.counts[what] += 1

    def _look_for_later(self, change: JsonStateChange, row: Any, becomes: dict[str, Any]) -> None:
        """List the fields that are not as the batch wrote them; a time of activity is nobody's writing."""
        now = values_of(row, becomes)
        person = self.ids.get(change.contact_id, "")
        for name, value in becomes.items():
            if now[name] != change.after[name] and name != "last_activity":
                self.found.later.append(Later(person, change.table, name, now[name], value))

    def _busy(self) -> set[UUID]:
        """Return the contacts that rows of others point to: conversations above all."""
        own = {change.row for change in self.changes}
        made = [change.row for change in self.changes if change.was_made and change.table == ChangedTable.CONTACT]
        busy: set[UUID] = set()
        for relation in Contact._meta.get_fields(include_hidden=True):
            model: Any = relation.related_model
            if not relation.auto_created or not relation.is_relation or model is JsonStateChange:
                continue
            name = relation.field.name  # type: ignore[union-attr]
            rows = model.objects.filter(**{f"{name}__in": made})
            found = rows.values_list("pk", f"{name}_id") if model in MODELS.values() else None
            if found is None:
                busy.update(rows.values_list(f"{name}_id", flat=True).distinct())
            else:
                busy.update(contact for pk, contact in found if pk not in own)
        return busy

    def flush(self) -> None:
        """Do what was planned; the record of it goes too."""
        for table in TABLES:
            if table != ChangedTable.CONTACT:
                MODELS[table].objects.filter(pk__in=self.gone[table]).delete()
            names = set(chain.from_iterable(names for _row, names in self.changed[table]))
            update(table, [row for row, _names in self.changed[table]], names)
        JsonStateChange.objects.filter(pk__in=[change.pk for change in self.changes]).delete()
        Contact.objects.filter(pk__in=self.gone[ChangedTable.CONTACT]).delete()
