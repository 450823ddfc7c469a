"""A file as an answer: something to keep, never a page (architecture.md, "Safety at the edges")."""

from typing import Any, Final

from django.core.files.storage import default_storage
from django.http import FileResponse, Http404

from chats.models import MediaContentModel

# Whatever a browser makes of it: it may load nothing, run nothing, and stand in no frame.
POLICY: Final = "default-src 'none'; frame-ancestors 'none'; sandbox"


def file_answer(row: MediaContentModel, *, thumbnail: bool = False) -> FileResponse:
    """Return a file, or its small picture, as an attachment; raise Http404 when there is none."""
    path = str(row.thumbnail if thumbnail else row.media)
    if not path:
        raise Http404
    try:
        stored: Any = default_storage.open(path)
    except FileNotFoundError as error:
        raise Http404 from error
    name = f"{row.name}.webp" if thumbnail else row.name
    answer = FileResponse(
        stored, as_attachment=True, filename=name, content_type="image/webp" if thumbnail else row.mime_type
    )
    answer["Content-Security-Policy"] = POLICY
    answer["Cross-Origin-Resource-Policy"] = "same-origin"
    answer["X-Content-Type-Options"] = "nosniff"
    answer["Cache-Control"] = "private, no-store"
    return answer
