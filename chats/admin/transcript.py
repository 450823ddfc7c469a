"""The page on which a conversation is read as one, and answered."""

import uuid
from collections.abc import Sequence
from typing import Any, Final
from zoneinfo import ZoneInfo

from django.http import HttpRequest, HttpResponse, QueryDict
from django.template.response import TemplateResponse
from django.utils.text import Truncator
from django.utils.translation import gettext_lazy as _

from chats.admin.beside import notes_of, panels_of
from chats.admin.names import LONGEST, person_of
from chats.admin.sealed import tell_reading, tell_reading_beside, tell_reading_of_title
from chats.events import files_of, formatted
from chats.models import ChatModel, ChatStatus, ContentChatModel, Sender
from chats.services.media import ACCEPTED, Upload, post_media
from chats.services.messages import post_message
from chats.services.transcript import TranscriptPage, read_after, read_before
from tenants.models import User
from tenants.rendering import to_html

OTHERS_SHOWN: Final = 5
ACTIONS: Final = {
    "assign": (_("Assign to me"), "support_agent"),
    "release": (_("Give back to the agent"), "smart_toy"),
    "complete": (_("Complete"), "task_alt"),
    "archive": (_("Archive"), "inventory_2"),
    "reopen": (_("Reopen"), "undo"),
}


def page(model_admin: Any, request: HttpRequest, chat: ChatModel) -> TemplateResponse:
    """Return the page of one conversation: the last messages, or those before `?before=`."""
    before = request.GET.get("before", "")
    shown = read_before(chat, int(before) if before.isdecimal() and len(before) < 10 else None)
    tell_reading_of_title(request, chat)
    tell_reading(request, chat, shown.messages)
    panels = panels_of(chat)
    tell_reading_beside(request, chat, (panel.encrypted for panel in panels))
    may_write = model_admin.has_change_permission(request)
    context = {
        **model_admin.admin_site.each_context(request),
        **_part_context(chat, shown),
        "title": person_of(chat),
        "person": person_of(chat),
        "subtitle": None,
        "opts": model_admin.opts,
        "original": chat,
        "is_fullwidth": "1",
        "is_latest": not before,
        "may_write": may_write,
        "may_reply": may_write and chat.status not in (ChatStatus.ARCHIVED, ChatStatus.DELETED),
        "actions_shown": [(name, *ACTIONS[name]) for name in _possible(chat, request)] if may_write else [],
        "others": _other_chats(chat),
        "panels": panels,
        "accepted_files": ACCEPTED,
        "client_message_id": uuid.uuid4().hex,
    }
    return TemplateResponse(request, "chats/admin/conversation.html", context)


def part(request: HttpRequest, chat: ChatModel, *, after: int) -> HttpResponse:
    """Return the messages after a sequence, to be put at the page's end; 204 when there is none."""
    shown = read_after(chat, after)
    if not shown.messages:
        return HttpResponse(status=204)
    tell_reading(request, chat, shown.messages)
    return TemplateResponse(request, "chats/admin/new_messages.html", _part_context(chat, shown))


def post_reply(chat: ChatModel, author: User, data: QueryDict, files: Sequence[Upload] = ()) -> None:
    """Post a staff member's message; who answers a chat that nobody has takes it over."""
    draft: dict[str, Any] = {
        "chat_id": chat.chat_id,
        "content": data.get("content", ""),
        "sender": Sender.STAFF,
        "author": author,
        "client_message_id": data.get("client_message_id", ""),
    }
    if files:
        post_media(files=files, **draft)
    else:
        post_message(**draft)


def _part_context(chat: ChatModel, shown: TranscriptPage) -> dict[str, Any]:
    return {
        "chat": chat,
        "shown": shown,
        "bubbles": _bubbles(chat, shown),
        "last_sequence": shown.last_sequence,
    }


def _bubbles(chat: ChatModel, shown: TranscriptPage) -> list[dict[str, Any]]:
    """Return what the bubbles show; a date stands before the first one of each day."""
    zone = ZoneInfo(chat.tenant.timezone)
    day = shown.previous_timestamp.astimezone(zone).date() if shown.previous_timestamp else None
    bubbles, notes = [], notes_of(shown.messages)
    for message in shown.messages:
        own_day = message.timestamp.astimezone(zone).date()
        bubbles.append({**_bubble(chat, message), "notes": notes[message.pk], "begins_day": own_day != day})
        day = own_day
    return bubbles


def _bubble(chat: ChatModel, message: ContentChatModel) -> dict[str, Any]:
    """Return what a bubble shows; the template escapes all of it but `html`, which the renderer made."""
    citations = message.metadata.get("citations") if isinstance(message.metadata, dict) else None
    return {
        "message": message,
        "who": _who(chat, message),
        "html": to_html(message.content) if formatted(message) else "",
        "files": files_of(message),
        "citations": [source for source in citations or [] if isinstance(source, dict)],
    }


def _who(chat: ChatModel, message: ContentChatModel) -> str:
    """Return who wrote: whom the account knows, else the name that an imported message came with."""
    named = message.metadata.get("author") if isinstance(message.metadata, dict) else None
    told = Truncator(named).chars(LONGEST) if isinstance(named, str) else ""
    if message.sender == Sender.USER:
        return told if told and chat.is_group else person_of(chat)
    if message.sender == Sender.STAFF and message.author:
        return message.author.get_full_name()
    if message.sender == Sender.AGENT and chat.agent:
        return chat.agent.name
    return told or str(message.get_sender_display())


def _possible(chat: ChatModel, request: HttpRequest) -> list[str]:
    """Return the ways out of the chat's state."""
    if chat.status in (ChatStatus.ARCHIVED, ChatStatus.DELETED):
        return ["reopen"] if chat.status == ChatStatus.ARCHIVED else []
    if chat.status == ChatStatus.COMPLETED:
        return ["reopen", "archive"]
    handing_over = ["assign"] if chat.assigned_to_id != request.user.pk else []
    if chat.status == ChatStatus.WAITING:
        handing_over.append("release")
    return [*handing_over, "complete", "archive"]


def _other_chats(chat: ChatModel) -> list[ChatModel]:
    if chat.contact_id is None:
        return []
    rows = ChatModel.objects.filter(contact_id=chat.contact_id).exclude(pk=chat.pk)
    return list(rows.exclude(status=ChatStatus.DELETED).order_by("-last_activity")[:OTHERS_SHOWN])
