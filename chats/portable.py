"""People and conversations as records, for export_data."""

from typing import Final

from chats.models import Channel, ChatModel, Contact, ContentChatModel
from tenants.lifecycle import portable_kinds
from tenants.portable.kinds import Group, Kind, Link

OF_THE_CHAT: Final = Link("chat", {"chat": "chat_id"}, required=True)

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
    ),
)  # fmt: skip
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
        derived=("total_tokens",),
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
        period="chat__created_at",
    ),
)  # fmt: skip
