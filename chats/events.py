"""What travels to browsers: the payloads of api.md, each built once and sent to every socket as it is."""

from typing import Any, Final

from chats.models import ChatModel, ContentChatModel, MediaContentModel, Sender
from chats.models.content import ContentType
from tenants.models import User
from tenants.rendering import Node, blocks

Frame = dict[str, Any]
FORMATTED: Final = frozenset({Sender.AGENT, Sender.STAFF})


def message_payload(message: ContentChatModel) -> Frame:
    """Return a message on the wire (api.md); runs no query when `author` is loaded or absent."""
    author = message.author if message.author_id else None
    return {
        "id": str(message.pk),
        "chat_id": str(message.chat.chat_id),
        "sequence": message.sequence,
        "sender": str(message.sender),
        "role": message.role,
        "content": message.content,
        "content_type": str(message.content_type),
        "language": message.language,
        "timestamp": message.timestamp.isoformat().replace("+00:00", "Z"),
        "in_response_to": str(message.in_response_to_id) if message.in_response_to_id else None,
        "client_message_id": message.client_message_id or None,
        "author": {"id": str(author.pk), "name": _name_for_visitors(author), "kind": "staff"} if author else None,
        "tokens_used": message.tokens_used,
        "model_used": message.model_used,
        "citations": message.metadata.get("citations", []),
        "blocks": formatted(message),
        "media": [media_payload(file) for file in files_of(message)],
        "sentiment": None,
    }


def formatted(message: ContentChatModel) -> tuple[Node, ...] | None:
    """Return the tree of what agents and staff write in Markdown; None for plain text and all that people write."""
    return blocks(message.content) if message.sender in FORMATTED else None


def files_of(message: ContentChatModel) -> list[MediaContentModel]:
    """Return a message's files; runs a query only where it has some that nobody has looked for (with_media())."""
    if message.content_type == ContentType.TEXT:
        return []
    if message.files is None:
        message.files = list(message.media.select_related("chat"))
    return message.files


def media_payload(file: MediaContentModel) -> Frame:
    """Return a file on the wire (decision 32); the addresses are paths on this host."""
    return {
        "id": str(file.pk),
        "media_type": file.media_type,
        "mime_type": file.mime_type,
        "name": file.name,
        "size": file.size,
        "width": file.width,
        "height": file.height,
        "url": file.media_url,
        "thumbnail_url": file.thumbnail_url or None,
    }


def chat_payload(chat: ChatModel) -> Frame:
    """Return a chat on the wire (decision 31); `agent` must be loaded."""
    return {
        "chat_id": str(chat.chat_id),
        "user_id": chat.user_id,
        "contact": str(chat.contact_id) if chat.contact_id else None,
        "agent": chat.agent.slug if chat.agent else None,
        "assigned_to": str(chat.assigned_to_id) if chat.assigned_to_id else None,
        "session_id": chat.session_id,
        "title": chat.title,
        "channel": str(chat.channel),
        "status": str(chat.status),
        "settings": chat.settings,
        "message_count": chat.message_count,
        "total_tokens": chat.total_tokens,
        "last_sequence": chat.last_sequence,
        "last_activity": _time(chat.last_activity),
        "archived_at": _time(chat.archived_at),
        "created_at": _time(chat.created_at),
        "updated_at": _time(chat.updated_at),
    }


def _name_for_visitors(author: User) -> str:
    """Return a staff member's name, empty when none is known: the e-mail is no business of whoever reads a chat."""
    return f"{author.first_name} {author.last_name}".strip()


def _time(value: Any) -> str | None:
    return value.isoformat().replace("+00:00", "Z") if value else None


def message_created(message: ContentChatModel) -> Frame:
    """Return the frame of a stored message; a reply's has the id of its stream of deltas."""
    frame = {"type": "message.created", "message": message_payload(message)}
    return {**frame, "reply_id": message.reply_id} if message.reply_id else frame


def message_noticed(message: ContentChatModel) -> Frame:
    """Return what the staff's inbox is told of a stored message: that it is there, not what it says."""
    brief = {
        "id": str(message.pk),
        "chat_id": str(message.chat.chat_id),
        "sequence": message.sequence,
        "sender": str(message.sender),
    }
    return {"type": "message.created", "message": brief}


def message_delta(*, reply_id: str, attempt: int, in_response_to: int, index: int, text: str) -> Frame:
    """Return one piece of a reply that is being written (decision 33)."""
    return {
        "type": "message.delta",
        "reply_id": reply_id,
        "attempt": attempt,
        "in_response_to": str(in_response_to),
        "index": index,
        "text": text,
    }


def reply_cancelled(*, reply_id: str, reason: str) -> Frame:
    """Return the frame that takes back the deltas of a reply which will not be stored."""
    return {"type": "reply.cancelled", "reply_id": reply_id, "reason": reason}


def typing(*, sender: str, is_typing: bool) -> Frame:
    """Return the frame that says who is writing."""
    return {"type": "typing", "sender": sender, "is_typing": is_typing}


def chat_updated(chat: ChatModel) -> Frame:
    """Return the frame of a chat whose state has changed."""
    return {"type": "chat.updated", "chat": chat_payload(chat)}


def chat_escalated(chat: ChatModel, *, reason: str) -> Frame:
    """Return the frame that says that a person will take over."""
    return {"type": "chat.escalated", "chat_id": str(chat.chat_id), "reason": reason}
