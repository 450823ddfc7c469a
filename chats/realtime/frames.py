"""What a socket may say: parsing and checking frames (api.md, "WebSocket")."""

import json
from typing import Any

from django.utils.translation import gettext as _

MAX_FRAME = 200_000


class BadFrameError(ValueError):
    """The frame cannot be understood; the socket stays open."""

    def __init__(self, code: str, detail: str, client_message_id: Any = None) -> None:
        super().__init__(detail)
        self.code, self.detail, self.client_message_id = code, detail, client_message_id


def parse_frame(text: str | None) -> dict[str, Any]:
    """Return a frame with a `type`; raise BadFrameError."""
    if text is None:
        raise BadFrameError("unsupported_type", _("Send text frames."))
    if len(text) > MAX_FRAME:
        raise BadFrameError("too_large", _("The frame is too large."))
    try:
        frame = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise BadFrameError("not_json", _("The frame is not valid JSON.")) from error
    if not isinstance(frame, dict) or not isinstance(frame.get("type"), str):
        raise BadFrameError("invalid", _("A frame is a JSON object with a type."))
    return frame


def sequence_of(frame: dict[str, Any], name: str) -> int:
    """Return a frame's sequence number; raise BadFrameError."""
    value: Any = frame.get(name, 0)
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < 2**31:
        raise BadFrameError("invalid", _("“%(name)s” must be a whole number.") % {"name": name})
    return int(value)


def error_frame(code: str, detail: str, client_message_id: Any = None) -> dict[str, Any]:
    """Return the frame that tells what is wrong."""
    known = client_message_id if isinstance(client_message_id, str) else None
    return {"type": "error", "code": code, "detail": detail, "client_message_id": known}
