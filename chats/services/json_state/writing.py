"""Writing people's rows, some hundred at a time, with a record of every row that was made or changed.

What the files say stands over what was there before the first migration; what somebody changed after a migration
stands over the files: a second run over the same files changes nothing.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import UUID

from django.db import connection
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from chats.models import ChangedTable, ChannelKind, Contact, ContactState, ErasureLedger, JsonStateChange, Thread
from chats.services.erasure_receipts import identity_of
from chats.services.json_state.people import Person
from chats.services.json_state.reading import BadEntry
from chats.services.json_state.rows import FIELDS, MODELS, plain, set_values, update, values_of
from tenants.db.statistics import grown
from tenants.fields import uuid7
from tenants.scope import current_tenant_id

CHANNEL: Final = ChannelKind.WHATSAPP
# Two migrations at once would each see what the other has not committed.
LOCK: Final = "SELECT pg_advisory_xact_lock(hashtextextended('charla.json_state.' || %s, 0))"
Written = dict[tuple[str, UUID], dict[str, Any]]


@dataclass
class Outcome:
    """What became of some people: rows by table and what was done, entries that cannot be, people who were erased."""

    counts: Counter[str] = field(default_factory=Counter)
    bad: list[BadEntry] = field(default_factory=list)
    erased: list[str] = field(default_factory=list)
    stored: list[Person] = field(default_factory=list)


def lock_state() -> None:
    """Let no other migration of the current tenant write until this transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute(LOCK, [str(current_tenant_id())])


def written_since(contacts: Iterable[UUID]) -> Written:
    """Return what standing batches wrote into the rows of contacts, the last word of each field."""
    written: Written = {}
    rows = JsonStateChange.objects.filter(contact_id__in=list(contacts)).order_by("id")
    for table, row, after in rows.values_list("table", "row", "after"):
        written.setdefault((table, row), {}).update(after)
    return written


def store(people: Sequence[Person], batch: UUID) -> Outcome:
    """Write people's rows in the caller's transaction; see the module."""
    lock_state()
    outcome = Outcome()
    people = _not_erased(people, outcome)
    contacts = {
        contact.external_id: contact
        for contact in Contact.objects.select_for_update().filter(
            channel=CHANNEL, external_id__in=[person.external_id for person in people]
        )
    }
    writing = _Writing(batch, outcome, contacts, written_since(contact.pk for contact in contacts.values()))
    writing.look_at_threads(people)
    for person in people:
        writing.take(person)
    writing.flush()
    return outcome


def _not_erased(people: Sequence[Person], outcome: Outcome) -> list[Person]:
    """Leave out whoever asked to be erased: an old file must not bring a person back."""
    identities = {
        identity_of(Contact(channel=CHANNEL, external_id=person.external_id)): person.external_id for person in people
    }
    erased = ErasureLedger.objects.filter(identity__in=identities).values_list("identity", flat=True)
    gone = {identities[identity] for identity in erased}
    outcome.erased.extend(sorted(gone))
    return [person for person in people if person.external_id not in gone]


class _Writing:
    """One transaction's rows: what is there, what is made, what is changed."""

    def __init__(self, batch: UUID, outcome: Outcome, contacts: dict[str, Contact], written: Written) -> None:
        self.batch, self.outcome, self.contacts, self.written = batch, outcome, contacts, written
        self.threads: dict[str, Thread] = {}
        self.active: dict[UUID, Thread] = {}
        states = ContactState.objects.select_for_update().filter(contact__in=list(contacts.values()))
        self.states = {state.contact_id: state for state in states}
        self.made: dict[str, list[Any]] = {table: [] for table in MODELS}
        self.changed: dict[str, dict[UUID, Any]] = {table: {} for table in MODELS}
        self.changes: dict[tuple[str, UUID], JsonStateChange] = {}

    def look_at_threads(self, people: Sequence[Person]) -> None:
        """Read the threads that the people's entries name, and those that are active for their contacts."""
        wanted = [person.thread_id for person in people if person.thread_id]
        theirs = Q(contact__in=list(self.contacts.values()), is_active=True)
        for thread in Thread.objects.select_for_update().filter(Q(external_thread_id__in=wanted) | theirs):
            self.threads[thread.external_thread_id] = thread
            if thread.is_active:
                self.active[thread.contact_id] = thread

    def take(self, person: Person) -> None:
        """Plan what one person's entry writes; a thread that is another contact's makes the entry a bad one."""
        thread = self.threads.get(person.thread_id)
        contact = self.contacts.get(person.external_id)
        if thread is not None and (contact is None or thread.contact_id != contact.pk):
            self.outcome.bad.append(person.bad(_("This threadId is another contact's here.")))
            return
        contact = self._contact(person, contact)
        if person.thread_id:
            self._thread(person, contact, thread)
        if person.preferences or person.last_voice_input:
            self._state(person, contact)
        self.outcome.stored.append(person)

    def _contact(self, person: Person, contact: Contact | None) -> Contact:
        told = {"name": person.name, "chat_address": person.chat_address}
        wanted: dict[str, Any] = {name: value for name, value in told.items() if value}
        if contact is None:
            made = Contact(id=uuid7(), channel=CHANNEL, external_id=person.external_id, labels=person.labels, **wanted)
            made.last_activity = person.last_activity or timezone.now()
            self._made(ChangedTable.CONTACT, made, made.pk)
            return made
        written = self.written.get((ChangedTable.CONTACT, contact.pk), {})
        wanted = {name: value for name, value in wanted.items() if _is_ours(written, name, getattr(contact, name))}
        added = [label for label in person.labels if label not in {*contact.labels, *written.get("labels", ())}]
        if added:
            wanted["labels"] = [*contact.labels, *added]
        if person.last_activity and person.last_activity > contact.last_activity:
            wanted["last_activity"] = person.last_activity
        self._change(ChangedTable.CONTACT, contact, contact.pk, wanted)
        return contact

    def _thread(self, person: Person, contact: Contact, thread: Thread | None) -> None:
        active = self.active.get(contact.pk)
        wanted = {"is_active": True, **({"last_message_at": person.last_activity} if person.last_activity else {})}
        if thread is not None and self.written.get((ChangedTable.THREAD, thread.pk), {}).get("is_active"):
            return  # what was done with it since stands
        if active is not None and active is not thread:
            self._change(ChangedTable.THREAD, active, contact.pk, {"is_active": False})
        if thread is not None:
            self._change(ChangedTable.THREAD, thread, contact.pk, wanted)
            return
        made = Thread(id=uuid7(), contact_id=contact.pk, external_thread_id=person.thread_id, **wanted)
        self._made(ChangedTable.THREAD, made, contact.pk)

    def _state(self, person: Person, contact: Contact) -> None:
        state = self.states.get(contact.pk)
        wanted: dict[str, Any] = {"last_voice_input": person.last_voice_input} if person.last_voice_input else {}
        if state is None:
            made = ContactState(id=uuid7(), contact_id=contact.pk, preferences=person.preferences, **wanted)
            self._made(ChangedTable.STATE, made, contact.pk)
            return
        written = self.written.get((ChangedTable.STATE, state.pk), {})
        wanted = {name: value for name, value in wanted.items() if _is_ours(written, name, plain(getattr(state, name)))}
        ours = written.get("preferences", {})
        news = {name: value for name, value in person.preferences.items()
                if _is_ours(ours, name, state.preferences.get(name))}  # fmt: skip
        if news:
            wanted["preferences"] = {**state.preferences, **news}
        self._change(ChangedTable.STATE, state, contact.pk, wanted)

    def _made(self, table: str, row: Any, contact_id: UUID) -> None:
        self.made[table].append(row)
        self._note(table, row, contact_id, {}, values_of(row, FIELDS[table]), was_made=True)

    def _change(self, table: str, row: Any, contact_id: UUID, wanted: Mapping[str, Any]) -> None:
        now = values_of(row, wanted)
        news = {name: plain(value) for name, value in wanted.items() if now[name] != plain(value)}
        if not news:
            return
        set_values(row, news)
        self.changed[table][row.pk] = row
        self._note(table, row, contact_id, {name: now[name] for name in news}, news, was_made=False)

    def _note(
        self, table: str, row: Any, contact_id: UUID, before: dict[str, Any], after: dict[str, Any], *, was_made: bool
    ) -> None:
        self.outcome.counts[f"{table}s_{'made' if was_made else 'changed'}"] += 1
        self.changes[table, row.pk] = JsonStateChange(
            batch_id=self.batch, contact_id=contact_id, table=table, row=row.pk, before=before, after=after,
            was_made=was_made,
        )  # fmt: skip

    def flush(self) -> None:
        """Store everything that was planned."""
        for table, rows in self.changed.items():
            names = {name for change in self.changes.values() if change.table == table for name in change.before}
            update(table, rows.values(), names)
        seen = {row.pk: row.last_activity for row in self.made[ChangedTable.CONTACT]}
        for table, fresh in self.made.items():
            MODELS[table].objects.bulk_create(fresh)
            grown(MODELS[table]._meta.db_table, len(fresh))
        for made in self.made[ChangedTable.CONTACT]:
            made.last_activity = seen[made.pk]  # which the field itself sets to now as a row is made
        update(ChangedTable.CONTACT, self.made[ChangedTable.CONTACT], ["last_activity"])
        JsonStateChange.objects.bulk_create(self.changes.values())


def _is_ours(written: Mapping[str, Any], name: str, now: Any) -> bool:
    """Tell whether nobody changed a field since a migration wrote it."""
    return name not in written or written[name] == now
