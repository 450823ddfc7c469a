"""A person's data, to be given out: one ZIP with `person.json` and the files that came with the messages.

Read in short pieces and written to a temporary file, so that neither memory nor a transaction grows with the person.
"""

import json
import tempfile
import zipfile
from collections.abc import Iterator
from datetime import datetime
from typing import IO, Any, Final

from django.core.files.storage import default_storage
from django.db import transaction
from django.utils import timezone

from chats.events import chat_payload, message_payload
from chats.models import ChatModel, Contact, ContentChatModel, MediaContentModel
from chats.services.erasing import person_of
from chats.services.media import with_media
from tenants.lifecycle import Person, export_steps

MESSAGES_AT_ONCE: Final = 500
IN_MEMORY_BYTES: Final = 5_000_000
CONTACT_FIELDS: Final = ("id", "channel", "external_id", "name", "email", "chat_address", "labels", "language")


def export_person(contact: Contact) -> IO[bytes]:
    """Return the ZIP, to be read from its beginning; runs outside any transaction in the tenant's scope.

    `person.json` holds the contact, its conversations with all messages as the API shows them, and what each app adds.
    """
    with transaction.atomic():
        person = person_of(contact)
    told: dict[str, Any] = {
        "exported_at": timezone.now().isoformat(),
        "contact": _contact(contact),
        "chats": [_chat(pk) for pk in person.chats],
    }
    for name, step in export_steps.items():
        with transaction.atomic():
            told[name.rpartition(".")[2]] = step(person)
    archive = tempfile.SpooledTemporaryFile(max_size=IN_MEMORY_BYTES)  # noqa: SIM115 - whoever answers closes it
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("person.json", json.dumps(told, ensure_ascii=False, indent=2, default=str))
        for name, path in _files(person):
            with default_storage.open(path) as file:
                packed.writestr(f"files/{name}", file.read())
    archive.seek(0)
    return archive


def _contact(contact: Contact) -> dict[str, Any]:
    told = {name: getattr(contact, name) for name in CONTACT_FIELDS}
    times: dict[str, datetime] = {"created_at": contact.created_at, "last_activity": contact.last_activity}
    return {**told, "id": str(contact.pk), **{name: value.isoformat() for name, value in times.items()}}


def _chat(pk: int) -> dict[str, Any]:
    with transaction.atomic():
        chat = ChatModel.objects.select_related("agent").get(pk=pk)
        told = chat_payload(chat)
    return {**told, "messages": list(_messages(chat))}


def _messages(chat: ChatModel) -> Iterator[dict[str, Any]]:
    last = 0
    while True:
        with transaction.atomic():
            rows = ContentChatModel.objects.filter(chat=chat, sequence__gt=last).select_related("author")
            page = list(rows.order_by("sequence")[:MESSAGES_AT_ONCE])
            for message in page:
                message.chat = chat
            with_media(page)
            told = [message_payload(message) for message in page]
        yield from ({name: value for name, value in message.items() if name != "blocks"} for message in told)
        if len(page) < MESSAGES_AT_ONCE:
            return
        last = page[-1].sequence


def _files(person: Person) -> list[tuple[str, str]]:
    """Return names in the ZIP and paths in the storage; the names begin with the ids that `person.json` has."""
    with transaction.atomic():
        rows = MediaContentModel.objects.filter(chat_id__in=person.chats).order_by("pk")
        found = list(rows.values_list("pk", "name", "media"))
    return [(f"{pk}-{_safe(name)}" if name else str(pk), path) for pk, name, path in found]


def _safe(name: str) -> str:
    return "".join(sign if sign.isalnum() or sign in "-_. " else "_" for sign in name).lstrip(".")
