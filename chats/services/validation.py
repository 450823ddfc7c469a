"""What a message's text may be (decision 32; issue: empty, over-long, NUL, broken UTF-8)."""

import unicodedata
from typing import Final

from django.conf import settings
from django.utils.translation import gettext as _

from chats.services.errors import InvalidMessageError

SPACES_AND_CONTROLS: Final = {"Cc", "Zs", "Zl", "Zp"}
WITHOUT_WIDTH: Final = (
    frozenset("\u00ad\u061c\u180e\ufeff")
    | {*map(chr, range(0x200B, 0x2010))}
    | {*map(chr, range(0x202A, 0x202F))}
    | {*map(chr, range(0x2060, 0x2070))}
)


def checked_content(content: object, content_type: str, *, has_files: bool = False) -> str:
    """Return the text to store; raise InvalidMessageError with the code of api.md. With files it may say nothing."""
    if content_type != "text" and not has_files:
        raise InvalidMessageError("unsupported_type", _("Files are sent to media/."), "content_type")
    if not isinstance(content, str):
        raise InvalidMessageError("invalid", _("The content must be text."))
    if not any(is_visible(character) for character in content):
        if has_files:
            return ""
        raise InvalidMessageError("blank", _("Write something first."))
    longest = settings.CHAT_SETTINGS["MAX_MESSAGE_LENGTH"]
    if len(content) > longest:
        raise InvalidMessageError("too_long", _("At most %(longest)s characters.") % {"longest": longest})
    if "\x00" in content or not _is_unicode(content):
        raise InvalidMessageError("invalid", _("The text has NUL or half characters: they cannot be stored."))
    return content


def is_visible(character: str) -> bool:
    """Tell whether a character shows something: neither space nor control nor a mark without width."""
    return unicodedata.category(character) not in SPACES_AND_CONTROLS and character not in WITHOUT_WIDTH


def checked_client_message_id(value: object) -> str:
    """Return the client's own id of the message, or an empty string; raise InvalidMessageError."""
    if value in (None, ""):
        return ""
    if not isinstance(value, str) or len(value) > 64 or "\x00" in value or not _is_unicode(value):
        raise InvalidMessageError("invalid", _("Use a text of at most 64 characters."), "client_message_id")
    return value


def _is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
