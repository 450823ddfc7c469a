"""Pictures are drawn anew: what else a file held (place, camera, a second format inside it) is gone.

What is read are formats whose decoders are meant for strangers' files; size and pixels are looked at before anything is
unpacked, and few pictures at a time are, so that memory has a bound.
"""

import io
import struct
import zlib
from dataclasses import dataclass
from threading import BoundedSemaphore
from typing import Final

from django.conf import settings
from PIL import Image, ImageOps, UnidentifiedImageError

from chats.services.sniffing import PICTURES, Format

LARGEST_SIDE: Final = 4_096
THUMBNAIL_SIDE: Final = 480
KEPT: Final = {"JPEG": "JPEG", "PNG": "PNG", "GIF": "PNG", "WEBP": "WEBP", "AVIF": "WEBP"}
OPTIONS: Final = {"JPEG": {"quality": 88}, "PNG": {}, "WEBP": {"quality": 85, "method": 2}}
# What Pillow's decoders raise for a broken file.
BROKEN: Final = (
    OSError, ValueError, SyntaxError, EOFError, struct.error, zlib.error, IndexError, KeyError, TypeError,
    OverflowError,
)  # fmt: skip
_drawing = BoundedSemaphore(2)
Image.MAX_IMAGE_PIXELS = None  # our own limit is lower, and is looked at before anything is unpacked


class BadPictureError(ValueError):
    """It says that it is a picture and cannot be drawn."""


class TooManyPixelsError(ValueError):
    """Unpacked it would be larger than is allowed."""


@dataclass(frozen=True)
class Picture:
    """A picture as it is stored, and a small one of it (WebP)."""

    data: bytes
    format: Format
    width: int
    height: int
    thumbnail: bytes


def redraw(data: bytes) -> Picture:
    """Return a picture drawn anew; raise BadPictureError or TooManyPixelsError."""
    with _drawing:
        try:
            return _redraw(data)
        except TooManyPixelsError:
            raise
        except (UnidentifiedImageError, *BROKEN) as error:
            raise BadPictureError from error


def _redraw(data: bytes) -> Picture:
    with Image.open(io.BytesIO(data), formats=list(PICTURES)) as opened:
        if opened.width * opened.height > settings.MEDIA_LIMITS["MAX_PIXELS"]:
            raise TooManyPixelsError
        kind = KEPT[opened.format or ""]
        opened.draft("RGB", (LARGEST_SIDE, LARGEST_SIDE))  # a large JPEG is not even unpacked in full
        image = _upright(opened, kind)
    small = image.copy()
    small.thumbnail((THUMBNAIL_SIDE, THUMBNAIL_SIDE))
    return Picture(_written(image, kind), PICTURES[kind], image.width, image.height, _written(small, "WEBP"))


def _upright(opened: Image.Image, kind: str) -> Image.Image:
    """Return the first picture of a file as the camera was held, in a mode that every format knows; nothing else."""
    turned = ImageOps.exif_transpose(opened)
    has_alpha = kind != "JPEG" and (turned.mode in ("RGBA", "LA", "PA") or "transparency" in turned.info)
    image = turned.convert("RGBA" if has_alpha else "RGB")
    image.thumbnail((LARGEST_SIDE, LARGEST_SIDE))
    image.info = {}
    return image


def _written(image: Image.Image, kind: str) -> bytes:
    target = io.BytesIO()
    image.save(target, kind, **OPTIONS[kind])
    return target.getvalue()
