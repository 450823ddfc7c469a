"""The database service of json-to-postgresql.md: what a bot kept in JSON files and in memory, in tables.

Each call is about one person, named by the id in its channel, in the current tenant's scope; it opens a transaction or
joins the caller's. Reading is one query by an index.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from django.db import transaction
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext as _

from chats.models import ChannelKind, Contact, ContactState, ContextCache, MessageBuffer, Thread
from chats.services.debouncing import remove_stale
from chats.services.errors import ChatError

CONTEXT_TTL: Final = timedelta(hours=1)
BUFFER_TTL: Final = timedelta(minutes=5)
IN_A_BUFFER: Final = frozenset({"message", "chat"})
AT_ONCE: Final = 500


class ThreadTakenError(ChatError):
    """The thread is another person's."""

    code = "conflict"
    attr = "thread_id"


class DatabaseService:
    """Threads, contexts, states and buffers of contacts; `channel` is WhatsApp unless told otherwise."""

    def __init__(self, channel: str = ChannelKind.WHATSAPP) -> None:
        self.channel = channel

    def save_thread(self, user_id: str, thread_id: str, chat_id: str, user_name: str = "") -> Thread:
        """Make a thread the person's active one; ThreadTakenError when it is somebody else's.

        The contact is made when it is new. An empty name changes none; the earlier thread stays, inactive.
        """
        with transaction.atomic():
            contact = self._contact(user_id)
            contact.chat_address, contact.name = chat_id or contact.chat_address, user_name or contact.name
            contact.last_activity = timezone.now()
            contact.save(update_fields=["chat_address", "name", "last_activity"])
            found = Thread.objects.select_for_update().filter(external_thread_id=thread_id).first()
            if found is not None and found.contact_id != contact.pk:
                raise ThreadTakenError(_("This thread is another person's."))
            Thread.objects.filter(contact=contact, is_active=True).exclude(external_thread_id=thread_id).update(
                is_active=False
            )
            thread = found or Thread(contact=contact, external_thread_id=thread_id)
            thread.is_active, thread.last_message_at = True, timezone.now()
            thread.save()
        return thread

    def get_thread(self, user_id: str) -> str | None:
        """Return the id of the person's active thread."""
        rows = Thread.objects.filter(is_active=True, **self._of(user_id))
        with transaction.atomic():
            return rows.values_list("external_thread_id", flat=True).first()

    def load_all_threads(self) -> Iterator[tuple[str, dict[str, str]]]:
        """Yield each person's id with `threadId`, `chatId` and `userName`, as `threads-data.json` holds them.

        Read page by page in order of the ids; no transaction is held while the caller works.
        """
        last = ""
        while True:
            rows = Thread.objects.filter(is_active=True, contact__channel=self.channel, contact__external_id__gt=last)
            with transaction.atomic():
                page = list(rows.select_related("contact").order_by("contact__external_id")[:AT_ONCE])
            for row in page:
                last = row.contact.external_id
                told = {"threadId": row.external_thread_id, "chatId": row.contact.chat_address}
                yield last, {**told, "userName": row.contact.name}
            if len(page) < AT_ONCE:
                return

    def save_context(self, user_id: str, context_text: str, ttl: timedelta = CONTEXT_TTL) -> None:
        """Keep a text about a person, for an hour unless told otherwise; the one before is replaced."""
        with transaction.atomic():
            contact = self._contact(user_id)
            row = ContextCache.objects.filter(contact=contact).first() or ContextCache(contact=contact)
            row.context_text, row.is_encrypted, row.expires_at = context_text, False, timezone.now() + ttl
            row.save()

    def get_context(self, user_id: str) -> str | None:
        """Return the person's text; None when there is none, or when its time is over."""
        with transaction.atomic():
            row = ContextCache.objects.filter(expires_at__gt=Now(), **self._of(user_id)).first()
        return row.context_text if row else None

    def delete_context(self, user_id: str) -> None:
        """Forget the person's text."""
        with transaction.atomic():
            ContextCache.objects.filter(**self._of(user_id)).delete()

    def save_user_state(
        self, user_id: str, *, last_voice_input: datetime | None = None, preferences: dict[str, Any] | None = None
    ) -> None:
        """Keep what a bot noted about a person, in place of what it had noted before."""
        values = {"last_voice_input": last_voice_input, "preferences": preferences or {}}
        with transaction.atomic():
            ContactState.objects.update_or_create(contact=self._contact(user_id), defaults=values)

    def get_user_state(self, user_id: str) -> ContactState | None:
        """Return what is noted about a person."""
        with transaction.atomic():
            return ContactState.objects.filter(**self._of(user_id)).first()

    def save_message_buffer(
        self, user_id: str, messages: Sequence[dict[str, str]], expires_at: datetime | None = None
    ) -> None:
        """Keep the pieces of a burst, for five minutes unless told otherwise; each is `{"message": id, "chat": id}`.

        ValueError for anything else: a text belongs into a message, which is sealed, found and erased (decision 8).
        """
        if any(set(piece) != IN_A_BUFFER for piece in messages):
            raise ValueError("A buffer holds ids: {'message': …, 'chat': …}.")
        now = timezone.now()
        values = {"messages": list(messages), "first_message_at": now, "expires_at": expires_at or now + BUFFER_TTL}
        with transaction.atomic():
            MessageBuffer.objects.update_or_create(contact=self._contact(user_id), defaults=values)

    def get_message_buffer(self, user_id: str) -> list[dict[str, str]] | None:
        """Return the pieces of the person's burst; None when there is none, or when it is over."""
        with transaction.atomic():
            row = MessageBuffer.objects.filter(expires_at__gt=Now(), **self._of(user_id)).first()
        return row.messages if row else None

    @staticmethod
    def cleanup() -> int:
        """Remove the tenant's contexts whose time is over and its old buffers; return how many rows went.

        A schedule does it every five minutes; nobody is given what is over in the meantime.
        """
        with transaction.atomic():
            contexts, _by_model = ContextCache.objects.filter(expires_at__lte=Now()).delete()
            return contexts + remove_stale()

    def _contact(self, user_id: str) -> Contact:
        contact: Contact
        contact, _created = Contact.objects.get_or_create(channel=self.channel, external_id=user_id)
        return contact

    def _of(self, user_id: str) -> dict[str, Any]:
        return {"contact__channel": self.channel, "contact__external_id": user_id}
