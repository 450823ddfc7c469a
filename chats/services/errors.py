"""What may be wrong with a message; the edges turn each into the error of api.md by its code."""

from django.utils.translation import gettext_lazy as _


class ChatError(Exception):
    """Refused, and nothing has changed. `code` is one of decision 34's, `attr` the field it is about."""

    code = "invalid"
    detail = _("This is not possible.")
    attr: str | None = None

    def __init__(self, detail: str = "") -> None:
        self.message = detail or str(self.detail)
        super().__init__(self.message)


class ChatNotFoundError(ChatError):
    """No such chat, or not the caller's."""

    code = "not_found"
    detail = _("There is no such conversation.")


class ChatClosedError(ChatError):
    """An archived chat takes no more messages (decision 22)."""

    code = "chat_closed"
    detail = _("This conversation is closed. Start a new one.")


class ChatFullError(ChatError):
    """The chat holds as many messages as the tenant allows (decision 22)."""

    code = "conflict"
    detail = _("This conversation has reached its longest length. Start a new one.")


class InvalidMessageError(ChatError):
    """The text cannot be stored as it is."""

    attr = "content"

    def __init__(self, code: str, detail: str, attr: str = "content") -> None:
        super().__init__(detail)
        self.code, self.attr = code, attr


class UnfitFileError(ChatError):
    """A file is not taken; or there are too many, or none."""

    attr = "file"

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(detail)
        self.code = code


class OvertakenError(ChatError):
    """The chat changed hands while a reply was written: the reply is not stored."""

    code = "conflict"
    detail = _("The conversation has changed hands.")
