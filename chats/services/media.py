"""Messages with files: each file is checked before it is stored, and goes through post_message() like any message."""

from collections.abc import Sequence
from typing import Any, Final, Protocol

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from chats.models import ChatModel, ContentChatModel, MediaContentModel
from chats.models.content import ContentType
from chats.services.errors import UnfitFileError
from chats.services.media_files import FileToStore, discard, store_files
from chats.services.messages import Posted, post_message
from chats.services.pictures import BadPictureError, TooManyPixelsError, redraw
from chats.services.sniffing import Format, safe_name, sniff
from tenants.encryption.policy import wants_sealing
from tenants.scope import current_tenant_id

TAKEN: Final = (
    "JPEG, PNG, WebP, GIF, AVIF, PDF, docx, xlsx, pptx, odt, ods, odp, txt, csv, zip, mp3, m4a, ogg, wav, webm, mp4"
)

# For `<input accept>`: what a browser proposes; what is taken is decided by the bytes.
ACCEPTED: Final = (
    "image/jpeg,image/png,image/webp,image/gif,image/avif,audio/*,video/mp4,application/pdf,application/zip,text/plain,"
    ".csv,.docx,.xlsx,.pptx,.odt,.ods,.odp"
)


class Upload(Protocol):
    """A file as it came; Django's UploadedFile is one."""

    name: Any
    size: Any

    def read(self) -> bytes:
        """Return all of it."""


def post_media(*, files: Sequence[Upload], content: str = "", **draft: Any) -> Posted:
    """Accept one message with files (the other fields are Draft's) in the current tenant.

    Best outside a transaction: files are worked on here, and one that is rolled back later leaves them to the night.

    Raises UnfitFileError for a file that is not taken, and what post_message() raises; nothing is stored then.
    """
    _check_count(files, draft["chat_id"])
    ready = [fit_file(file) for file in files]
    _check_types(ready)
    stored = store_files(ready)
    try:
        posted = post_message(content=content, content_type=kind_of(ready), files=tuple(stored), **draft)
    except BaseException:
        discard(stored)
        raise
    if not posted.created:
        discard(stored)
    return posted


def _check_count(files: Sequence[Upload], chat_id: Any) -> None:
    most, most_of_chat = settings.MEDIA_LIMITS["MAX_FILES"], settings.MEDIA_LIMITS["MAX_FILES_OF_CHAT"]
    if not files:
        raise UnfitFileError("required", _("Send at least one file."))
    if len(files) > most:
        raise UnfitFileError("too_large", _("At most %(most)s files in one message.") % {"most": most})
    with transaction.atomic():
        chat = ChatModel.objects.filter(chat_id=chat_id).first()
        if chat is not None and chat.media.count() + len(files) > most_of_chat:
            detail = _("A conversation holds at most %(most)s files.") % {"most": most_of_chat}
            raise UnfitFileError("too_large", detail)


def _check_types(ready: Sequence[FileToStore]) -> None:
    """Refuse what the installation does not support (CHAT_SETTINGS, chats-migrations.md)."""
    unsupported = {str(file.media_type) for file in ready} - set(settings.CHAT_SETTINGS["SUPPORTED_CONTENT_TYPES"])
    if unsupported:
        raise UnfitFileError("unsupported_type", _("Files of this kind are switched off here."))


def fit_file(file: Upload) -> FileToStore:
    """Return what is to be stored of a file; raise UnfitFileError."""
    largest = settings.MEDIA_LIMITS["MAX_BYTES"]
    if file.size > largest:
        raise UnfitFileError("too_large", _("A file has at most %(largest)s MB.") % {"largest": largest // 1_000_000})
    if not file.size:
        raise UnfitFileError("blank", _("The file is empty."))
    data = file.read()
    what = sniff(data)
    if what is None:
        raise UnfitFileError(
            "unsupported_type", _("This kind of file is not taken. Taken are: %(kinds)s.") % {"kinds": TAKEN}
        )
    name = str(file.name or "")
    if what.media_type != ContentType.IMAGE:
        return FileToStore(what.media_type, what.mime_type, kept_name(name, what), data)
    try:
        picture = redraw(data)
    except TooManyPixelsError as error:
        most = settings.MEDIA_LIMITS["MAX_PIXELS"] // 1_000_000
        detail = _("A picture has at most %(most)s million pixels.") % {"most": most}
        raise UnfitFileError("too_large", detail) from error
    except BadPictureError as error:
        raise UnfitFileError("invalid", _("The picture is damaged.")) from error
    return FileToStore(
        what.media_type, picture.format.mime_type, kept_name(name, picture.format), picture.data,
        picture.thumbnail, picture.width, picture.height,
    )  # fmt: skip


def kept_name(name: str, what: Format) -> str:
    """Return the name that a file keeps: its own, or that of its kind where the tenant's policy would seal such a text.

    Names are stored in clear, so that one which tells who somebody is may not be.
    """
    own, tenant_id = safe_name(name, what), current_tenant_id()
    with transaction.atomic():
        return safe_name("", what) if wants_sealing(tenant_id, own) else own


def kind_of(files: Sequence[FileToStore]) -> str:
    """Return the message's kind: that of its files, `file` when they are of several."""
    kinds = {file.media_type for file in files}
    return kinds.pop() if len(kinds) == 1 else ContentType.FILE


def with_media(messages: Sequence[ContentChatModel]) -> None:
    """Let messages know their files: one query when any has some, none for text alone."""
    carrying = {message.pk: message for message in messages if message.content_type != ContentType.TEXT}
    if not carrying:
        return
    found: dict[int, list[MediaContentModel]] = {pk: [] for pk in carrying}
    for row in MediaContentModel.objects.filter(content__in=list(carrying)).order_by("content", "position"):
        row.chat = carrying[row.content_id].chat
        found[row.content_id].append(row)
    for message in carrying.values():
        message.files = found[message.pk]
