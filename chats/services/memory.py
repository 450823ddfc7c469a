"""What is remembered of a person beside the messages: to be given out, or forgotten."""

from typing import Any

from chats.models import ContactState, ContextCache, JsonStateBatch, JsonStateChange, Thread
from chats.services.json_state.copies import forget_in_copies
from tenants.lifecycle import Person


def memory_of(person: Person) -> list[dict[str, Any]]:
    """Return threads, state and context of a person, as JSON takes them."""
    threads = Thread.objects.filter(contact_id=person.contact_id).order_by("created_at")
    told: list[dict[str, Any]] = [
        {"thread": row.external_thread_id, "is_active": row.is_active, "last_message_at": row.last_message_at}
        for row in threads
    ]
    for state in ContactState.objects.filter(contact_id=person.contact_id):
        told.append({"preferences": state.preferences, "last_voice_input": state.last_voice_input})
    for cached in ContextCache.objects.filter(contact_id=person.contact_id):
        told.append({"context": cached.context_text, "expires_at": cached.expires_at})
    return told


def forget_memory(person: Person) -> int:
    """Remove all of it, also what migrations wrote down and copied; return how many rows and copies that were."""
    removed = 0
    for model in (Thread, ContextCache, ContactState, JsonStateChange):
        rows, _by_model = model.objects.filter(contact_id=person.contact_id).delete()
        removed += rows
    for batch in JsonStateBatch.objects.values_list("pk", flat=True):
        removed += forget_in_copies(batch, person.identifiers)
    return removed
