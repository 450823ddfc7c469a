"""A file as an answer: something to keep, never a page (architecture.md, "Safety at the edges")."""

import io
import re
from typing import Any, Final

from django.core.files.storage import default_storage
from django.http import FileResponse, Http404

from chats.models import MediaContentModel

# Whatever a browser makes of it: it may load nothing, run nothing, and stand in no frame.
POLICY: Final = "default-src 'none'; frame-ancestors 'none'; sandbox"
RANGE: Final = re.compile(r"bytes=(?:(\d{1,15})-(\d{0,15})|-(\d{1,15}))")


def file_answer(row: MediaContentModel, *, wanted: str = "", thumbnail: bool = False) -> FileResponse:
    """Return a file, or its small picture, as an attachment; raise Http404 when there is none.

    `wanted` is the request's `Range`, by which players ask for a recording piece by piece: one range is answered by
    206, one beyond the file by 416, and everything else by the whole (RFC 9110, 14.2).
    """
    path = str(row.thumbnail if thumbnail else row.media)
    if not path:
        raise Http404
    try:
        stored: Any = default_storage.open(path)
    except FileNotFoundError as error:
        raise Http404 from error
    name = f"{row.name}.webp" if thumbnail else row.name
    mime_type = "image/webp" if thumbnail else row.mime_type
    size = stored.size
    part = _range(wanted, size)
    sent: Any = io.BytesIO(_cut(stored, *part)) if part else stored
    answer = FileResponse(sent, as_attachment=True, filename=name, content_type=mime_type)
    answer["Accept-Ranges"] = "bytes"
    if part:
        begin, end = part
        answer.status_code = 206 if begin < end else 416
        answer["Content-Range"] = f"bytes {begin}-{end - 1}/{size}" if begin < end else f"bytes */{size}"
    answer["Content-Security-Policy"] = POLICY
    answer["Cross-Origin-Resource-Policy"] = "same-origin"
    answer["X-Content-Type-Options"] = "nosniff"
    answer["Cache-Control"] = "private, no-store"
    return answer


def wanted_range(request: Any) -> str:
    """Return a request's `Range`; none where it holds for one version alone (`If-Range`): files have no versions."""
    return "" if "If-Range" in request.headers else str(request.headers.get("Range", ""))


def _range(wanted: str, size: int) -> tuple[int, int] | None:
    """Return where to begin and where to end (that byte excluded), at the same place beyond the file; None: nowhere."""
    found = RANGE.fullmatch(wanted.strip())
    if found is None:
        return None
    first, last, suffix = found.groups()
    if suffix is not None:
        return (max(0, size - int(suffix)), size) if int(suffix) else (size, size)
    if last and int(last) < int(first):
        return None
    return min(int(first), size), min(int(last) + 1 if last else size, size)


def _cut(stored: Any, begin: int, end: int) -> bytes:
    with stored:
        stored.seek(begin)
        part: bytes = stored.read(end - begin)
        return part
