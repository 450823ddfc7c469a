"""Notifications in the rooms where a team talks: Slack and Teams, by their incoming webhooks."""

from typing import Any, Final

import httpx2
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import override

from notifications.models import Room, RoomKind, RoomMessage
from notifications.models.notices import rendered
from notifications.outgoing import check_url, client
from notifications.services.links import url_of
from tenants.encryption import seal, unseal

LONGEST_ANSWER: Final = 200


class RoomError(RuntimeError):
    """The room's webhook did not take the message; says what it answered."""


def set_url(room: Room, url: str) -> None:
    """Give a room its webhook's address, sealed; in the caller's transaction. OutgoingRefusedError for a bad one."""
    check_url(url)
    room.sealed_url = seal(url, context=_place(room))


def send_to_room(message_id: str) -> None:
    """Send one message to its room, unless that was done.

    Raises RoomError for a refusal, httpx2.TransportError and OutgoingRefusedError for a room that is not reached.
    """
    with transaction.atomic():
        found = RoomMessage.objects.select_related("room", "tenant").filter(pk=int(message_id)).first()
        if found is None or found.sent_at is not None or not found.room.is_active:
            return
        url = unseal(found.room.sealed_url, context=_place(found.room))
    with override(found.tenant.default_language):
        body = payload(found.room.kind, rendered(found.message, found.params), url_of(found.data))
    try:
        post(url, body)
    except (RoomError, httpx2.TransportError) as error:
        _note(found.room, str(error) or type(error).__name__)
        raise
    with transaction.atomic():
        RoomMessage.objects.filter(pk=found.pk).update(sent_at=timezone.now())
    _note(found.room, "")


def post(url: str, body: dict[str, Any]) -> None:
    """Post a message to a room's webhook; RoomError unless it says yes."""
    with client() as outgoing:
        answer = outgoing.post(url, json=body)
    if not answer.is_success:
        raise RoomError(f"{answer.status_code}: {answer.text[:LONGEST_ANSWER]}")


def payload(kind: str, text: str, url: str) -> dict[str, Any]:
    """Return a message as a kind of room reads it: Slack's Block Kit, or an Adaptive Card for a Teams workflow."""
    label = _("Open the conversation")
    if kind == RoomKind.SLACK:
        line = f"{_escaped(text)}\n<{url}|{_escaped(label)}>" if url else _escaped(text)
        return {"text": text, "blocks": [{"type": "section", "text": {"type": "mrkdwn", "text": line}}]}
    card: dict[str, Any] = {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "body": [{"type": "TextBlock", "text": text, "wrap": True}],
    }
    if url:
        card["actions"] = [{"type": "Action.OpenUrl", "title": label, "url": url}]
    content_type = "application/vnd.microsoft.card.adaptive"
    return {"type": "message", "attachments": [{"contentType": content_type, "content": card}]}


def _escaped(text: str) -> str:
    """Return text as Slack's mrkdwn wants it: its three characters escaped, so that nothing becomes a mention."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _note(room: Room, error: str) -> None:
    with transaction.atomic():
        Room.objects.filter(pk=room.pk).update(last_error=error[:500])


def _place(room: Room) -> str:
    return f"notifications_room|url|{room.pk}"
