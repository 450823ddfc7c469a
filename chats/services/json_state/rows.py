"""The rows of contacts that a migration writes and undoes, as plain values that can be kept, compared and put back."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any, Final

from django.db.models import Model

from chats.models import ChangedTable, Contact, ContactState, Thread

MODELS: Final[dict[str, type[Any]]] = {
    ChangedTable.CONTACT: Contact,
    ChangedTable.THREAD: Thread,
    ChangedTable.STATE: ContactState,
}
# What is compared of a row that a migration made: with anything else in it, somebody has written since.
FIELDS: Final[dict[str, tuple[str, ...]]] = {
    ChangedTable.CONTACT: ("name", "email", "chat_address", "labels", "language", "last_activity"),
    ChangedTable.THREAD: ("external_thread_id", "is_active", "last_message_at"),
    ChangedTable.STATE: ("last_voice_input", "preferences"),
}
TIMES: Final = frozenset({"last_activity", "last_message_at", "last_voice_input"})


def values_of(row: Model, names: Iterable[str]) -> dict[str, Any]:
    """Return a row's fields as JSON holds them."""
    return {name: plain(getattr(row, name)) for name in names}


def plain(value: Any) -> Any:
    """Return a field's value as JSON holds it."""
    return value.astimezone(UTC).isoformat() if isinstance(value, datetime) else value


def set_values(row: Model, values: Mapping[str, Any]) -> None:
    """Set a row's fields from what values_of() returned."""
    for name, value in values.items():
        setattr(row, name, datetime.fromisoformat(value) if name in TIMES and value else value)


def update(table: str, rows: Iterable[Any], names: Iterable[str]) -> None:
    """Store fields of rows in few statements; a contact's threads become inactive before another becomes active."""
    changed, fields = list(rows), sorted(set(names))
    if not changed or not fields:
        return
    if table == ChangedTable.THREAD:
        for active in (False, True):
            some = [row for row in changed if row.is_active is active]
            Thread.objects.bulk_update(some, fields)
        return
    MODELS[table].objects.bulk_update(changed, fields)
