"""The proof that nothing was lost: what the files say and what the database says, digested side by side."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from chats.models import ChangedTable, Contact, ContactState, Thread
from chats.services.json_state.people import Person
from chats.services.json_state.rows import plain
from chats.services.json_state.writing import CHANNEL, Written, written_since


@dataclass
class Proof:
    """Both digests (SHA-256 over everybody in order), who is missing something, and who was changed since."""

    people: int = 0
    changed_since: int = 0
    lost: list[str] = field(default_factory=list)
    _of_files: Any = field(default_factory=hashlib.sha256)
    _of_database: Any = field(default_factory=hashlib.sha256)

    def as_dict(self) -> dict[str, Any]:
        """Return the proof as JSON can hold it."""
        return {
            "people": self.people,
            "changed_since": self.changed_since,
            "lost": self.lost,
            "sha256_of_files": self._of_files.hexdigest(),
            "sha256_of_database": self._of_database.hexdigest(),
        }

    def kept(self) -> dict[str, Any]:
        """Return the proof as a batch keeps it: how many lost something, not who, for people may be erased."""
        return {**self.as_dict(), "lost": len(self.lost)}

    def compare(self, people: Sequence[Person]) -> None:
        """Read what the database has of some people and set it against what the files say; in a transaction."""
        reader = _Reader([person.external_id for person in people])
        for person in people:
            wanted, found = _told(person), reader.of(person)
            if found is None or any(found[name] != value for name, value in wanted.items()):
                if found is not None and reader.explains(person, wanted, found):
                    self.changed_since += 1
                    found = wanted
                else:
                    self.lost.append(person.external_id)
            self.people += 1
            for digest, told in ((self._of_files, wanted), (self._of_database, found)):
                digest.update(json.dumps([person.external_id, told], sort_keys=True).encode())


def _told(person: Person) -> dict[str, Any]:
    """Return what the files say of a person, and nothing of what they do not say."""
    told = {
        "name": person.name, "chat_address": person.chat_address, "thread": person.thread_id, "labels": person.labels,
        "last_voice_input": plain(person.last_voice_input), "preferences": person.preferences,
    }  # fmt: skip
    return {name: _number(value) for name, value in told.items() if value}


def _number(value: Any) -> Any:
    """Return a value with its numbers as both JSON and the database can tell them: 1e2 comes back as 100."""
    if isinstance(value, dict):
        return {name: _number(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_number(inner) for inner in value]
    if isinstance(value, int | float) and not isinstance(value, bool):
        try:
            return float(value)
        except OverflowError:
            return value
    return value


class _Reader:
    def __init__(self, ids: Sequence[str]) -> None:
        rows = Contact.objects.filter(channel=CHANNEL, external_id__in=ids)
        self.contacts = {contact.external_id: contact for contact in rows}
        keys = [contact.pk for contact in self.contacts.values()]
        self.threads = {row.external_thread_id: row for row in Thread.objects.filter(contact_id__in=keys)}
        self.states: Mapping[UUID, ContactState] = {
            row.contact_id: row for row in ContactState.objects.filter(contact_id__in=keys)
        }
        self.written: Written = written_since(keys)

    def of(self, person: Person) -> dict[str, Any] | None:
        """Return what the database has under the names under which the files say something."""
        contact = self.contacts.get(person.external_id)
        if contact is None:
            return None
        thread, state = self.threads.get(person.thread_id), self.states.get(contact.pk)
        preferences = state.preferences if state else {}
        found = {
            "name": contact.name,
            "chat_address": contact.chat_address,
            "thread": thread.external_thread_id if thread and thread.contact_id == contact.pk else "",
            "labels": [label for label in person.labels if label in contact.labels],
            "last_voice_input": plain(state.last_voice_input) if state else None,
            "preferences": {name: preferences[name] for name in person.preferences if name in preferences},
        }
        return {name: _number(found[name]) for name in _told(person)}

    def explains(self, person: Person, wanted: Mapping[str, Any], found: Mapping[str, Any]) -> bool:
        """Tell whether everything that differs was written as the files say, and changed by somebody since."""
        contact = self.contacts[person.external_id]
        state = self.states.get(contact.pk)
        written = dict(self.written.get((ChangedTable.CONTACT, contact.pk), {}))
        if state is not None:
            written |= self.written.get((ChangedTable.STATE, state.pk), {})
        differing = (name for name in wanted if found[name] != wanted[name])
        return all(_was_written(_number(written.get(name)), wanted[name]) for name in differing)


def _was_written(written: Any, wanted: Any) -> bool:
    if isinstance(wanted, list) and isinstance(written, list):
        return set(wanted) <= set(written)
    if isinstance(wanted, dict) and isinstance(written, dict):
        return wanted.items() <= written.items()
    return bool(written == wanted)
