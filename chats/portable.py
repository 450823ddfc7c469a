"""People and conversations as records: they leave by export_data and come back by import_data."""

from typing import Any, Final

from django.db import connection

from chats.models import (
    Channel,
    ChatModel,
    Contact,
    ContactState,
    ContentChatModel,
    ContextCache,
    MediaContentModel,
    Thread,
)
from chats.services.carrying import BYTES, add_bytes, check_bytes, discard_files, store_bytes
from chats.services.erasing_returned import erase_returned
from chats.services.integrity import find_people
from chats.signals.definitions import messages_imported
from tenants.lifecycle import after_import, portable_kinds
from tenants.models import TenantModel
from tenants.portable.kinds import Group, Kind, Link
from tenants.scope import current_tenant_id, tenant_scope

COUNT: Final = """
UPDATE chats_chatmodel AS chat SET
    message_count = chat.message_count + added.messages, last_sequence = greatest(chat.last_sequence, added.last)
FROM (SELECT id, count(*) AS messages, max(sequence) AS last
      FROM unnest(%s::bigint[], %s::integer[]) AS new (id, sequence) GROUP BY id) AS added
WHERE chat.id = added.id AND chat.tenant_id = %s
"""
OF_THE_CHAT: Final = Link("chat", {"chat": "chat_id"}, required=True)
OF_THE_CONTACT: Final = Link("contact", {"contact_channel": "channel", "contact": "external_id"}, required=True)


@after_import.register("chats.erasures")
def erase_who_was_erased(tenant: TenantModel) -> None:
    """Erase again whom an older export has brought back."""
    erase_returned(tenant)


@after_import.register("chats.people")
def find_the_people(tenant: TenantModel) -> None:
    """Make people of conversations that came without them; who was erased before has not become one."""
    with tenant_scope(tenant):
        find_people()


def count_messages(messages: list[Any]) -> None:
    """Move the counters of the conversations that new messages belong to; tokens are moved by their trigger."""
    times = [message.timestamp for message in messages]
    messages_imported.send(ContentChatModel, since=min(times), until=max(times))
    columns = [[message.chat_id for message in messages], [message.sequence for message in messages]]
    with connection.cursor() as cursor:
        cursor.execute(COUNT, [*columns, current_tenant_id()])


def keep_the_active_thread(threads: list[Any]) -> None:
    """Let a contact's active thread stay the one: a thread that comes is it only where there is none."""
    active = dict(
        Thread.objects.filter(is_active=True, contact__in=[thread.contact_id for thread in threads]).values_list(
            "contact", "external_thread_id"
        )
    )
    for thread in threads:
        thread.is_active &= active.get(thread.contact_id, thread.external_thread_id) == thread.external_thread_id


# Without its keys: whoever takes the channel elsewhere gets new ones.
portable_kinds.add(
    "chats.channel",
    Kind(
        name="channel",
        group=Group.SETTINGS,
        model=Channel,
        columns=("name", "kind", "settings", "is_active", "created_at"),
        called={"kind": "channel"},  # `kind` is what every record has
        identity=("name",),
        unused=lambda channels: channels.none(),  # widgets on people's pages name them
    ),
)
portable_kinds.add(
    "chats.contact",
    Kind(
        name="contact",
        group=Group.CONTACTS,
        model=Contact,
        columns=(
            "id", "channel", "external_id", "name", "email", "chat_address", "labels", "language", "last_activity",
            "created_at", "anonymized_at",
        ),
        identity=("channel", "external_id"),
        period="created_at",
        unused=lambda people: people.filter(chats__isnull=True),
    ),
)  # fmt: skip
portable_kinds.add(
    "chats.thread",
    Kind(
        name="thread",
        group=Group.CONTACTS,
        model=Thread,
        columns=("id", "external_thread_id", "is_active", "last_message_at", "created_at", "updated_at"),
        identity=("external_thread_id",),
        links=(OF_THE_CONTACT,),
        period="contact__created_at",
        prepare=keep_the_active_thread,
        unused=lambda threads: threads.filter(contact__chats__isnull=True),
    ),
)
portable_kinds.add(
    "chats.context",
    Kind(
        name="context",
        group=Group.CONTACTS,
        model=ContextCache,
        columns=("id", "context_text", "expires_at", "created_at", "updated_at"),
        identity=("contact",),
        links=(OF_THE_CONTACT,),
        period="contact__created_at",
        unused=lambda contexts: contexts.filter(contact__chats__isnull=True),
    ),
)
portable_kinds.add(
    "chats.state",
    Kind(
        name="state",
        group=Group.CONTACTS,
        model=ContactState,
        columns=("id", "last_voice_input", "preferences", "created_at", "updated_at"),
        identity=("contact",),
        links=(OF_THE_CONTACT,),
        period="contact__created_at",
        unused=lambda states: states.filter(contact__chats__isnull=True),
    ),
)
portable_kinds.add(
    "chats.chat",
    Kind(
        name="chat",
        group=Group.CHATS,
        model=ChatModel,
        columns=(
            "chat_id", "user_id", "session_id", "title", "channel", "is_group", "status", "is_active", "settings",
            "agent_settings", "model_used", "total_tokens", "message_count", "last_sequence", "answered_sequence",
            "last_activity", "archived_at", "created_at",
        ),
        identity=("chat_id",),
        links=(
            Link("contact", {"contact_channel": "channel", "contact": "external_id"}),
            Link("agent", {"agent": "slug"}),
            Link("assigned_to", {"assigned_to": "email"}),
        ),
        period="created_at",
        derived=("total_tokens", "message_count"),
        rising=("last_sequence", "answered_sequence"),
        public_id="chat_id",
    ),
)  # fmt: skip
portable_kinds.add(
    "chats.message",
    Kind(
        name="message",
        group=Group.CHATS,
        model=ContentChatModel,
        columns=(
            "sequence", "timestamp", "sender", "content_type", "content", "client_message_id", "external_id",
            "language", "tokens_used", "model_used", "is_automatic", "metadata",
        ),
        identity=("chat", "sequence"),
        links=(
            OF_THE_CHAT,
            Link("in_response_to", {"chat": "chat__chat_id", "in_response_to": "sequence"}),
            Link("author", {"author": "email"}),
        ),
        order=("chat_id", "sequence"),
        stored=count_messages,
        period="chat__created_at",
    ),
)  # fmt: skip
portable_kinds.add(
    "chats.file",
    Kind(
        name="file",
        group=Group.CHATS,
        model=MediaContentModel,
        columns=(
            "id", "position", "media_type", "name", "mime_type", "size", "width", "height", "sha256", "created_at",
            "media", "thumbnail",
        ),
        identity=("id",),
        links=(OF_THE_CHAT, Link("content", {"chat": "chat__chat_id", "sequence": "sequence"}, required=True)),
        period="chat__created_at",
        derived=("media", "thumbnail"),
        beside=BYTES,
        dress=add_bytes,
        check=check_bytes,
        prepare=store_bytes,
        discard=discard_files,
    ),
)  # fmt: skip
