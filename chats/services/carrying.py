"""The bytes of files in records: they leave as Base64, and are looked at as uploads are when they come."""

import base64
import binascii
import hashlib
from collections.abc import Mapping
from typing import Any, Final

from django.conf import settings
from django.core.files.storage import default_storage
from django.utils.translation import gettext as _

from chats.models import MediaContentModel
from chats.services.media import kept_name
from chats.services.media_files import FileToStore, store_files
from chats.services.sniffing import sniff
from tenants.portable.checking import BadRecordError
from tenants.portable.reading import UNREADABLE

BYTES: Final = ("data", "thumbnail_data")


def add_bytes(record: dict[str, Any]) -> None:
    """Add a file's bytes to its record; one that is not in the storage any more is marked."""
    for name, path in zip(BYTES, (record["media"], record["thumbnail"]), strict=True):
        try:
            record[name] = base64.b64encode(_read(path)).decode() if path else ""
        except OSError:
            record[name] = None
            record.setdefault(UNREADABLE, []).append(name)


def _read(path: str) -> bytes:
    with default_storage.open(path) as file:
        return bytes(file.read())


def check_bytes(record: Mapping[str, Any]) -> None:
    """Raise BadRecordError unless the bytes are what the record says, and a kind of file that is taken."""
    data, thumbnail = (_bytes(record.get(name)) for name in BYTES)
    if not data or len(data) > settings.MEDIA_LIMITS["MAX_BYTES"]:
        raise BadRecordError(_("The file is missing, or too large."))
    if hashlib.sha256(data).hexdigest() != record.get("sha256") or len(data) != record.get("size"):
        raise BadRecordError(_("The file was changed."))
    what, small = sniff(data), sniff(thumbnail) if thumbnail else None
    if what is None or (what.media_type, what.mime_type) != (record.get("media_type"), record.get("mime_type")):
        raise BadRecordError(_("The file is of another kind than it says."))
    if thumbnail and (small is None or small.media_type != "image"):
        raise BadRecordError(_("The file is of another kind than it says."))


def _bytes(value: Any) -> bytes:
    try:
        return base64.b64decode(value or "", validate=True)
    except (TypeError, ValueError, binascii.Error):
        raise BadRecordError(_("The file was changed.")) from None


def store_bytes(rows: list[MediaContentModel]) -> None:
    """Write the files of rows that are new in the tenant, and tell the rows where they lie."""
    had = set(MediaContentModel.objects.filter(pk__in=[row.pk for row in rows]).values_list("pk", flat=True))
    for row in rows:
        if row.pk in had:
            continue
        data, thumbnail = (_bytes(row.__dict__[name]) for name in BYTES)
        what = sniff(data)
        row.name = kept_name(row.name, what) if row.name and what else row.name
        (stored,) = store_files([FileToStore(row.media_type, row.mime_type, row.name, data, thumbnail)])
        row.media, row.thumbnail = stored.path, stored.thumbnail_path


def discard_files(records: list[dict[str, Any]]) -> None:
    """Remove the files of records whose rows are in another tenant now, with copies of their own."""
    for record in records:
        for path in filter(None, (record["media"], record["thumbnail"])):
            default_storage.delete(path)
