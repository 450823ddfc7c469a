"""What a file is, by its bytes: what its sender calls it is not believed (OWASP ASVS 5, 5.2).

Known formats alone are taken. A text is taken as text whatever its name promises, so that no page and no script comes
out of it: its name gets an ending that fits.
"""

import io
import re
import unicodedata
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from chats.services.validation import WITHOUT_WIDTH

LONGEST_NAME: Final = 100
HEAD: Final = 4_096
MACROS: Final = "vbaProject.bin"
OFFICE: Final = {
    "word/": "wordprocessingml.document",
    "xl/": "spreadsheetml.sheet",
    "ppt/": "presentationml.presentation",
}


@dataclass(frozen=True)
class Format:
    """A kind of file: `media_type` as in decision 32, the endings that its name may have, the usual one first."""

    media_type: str
    mime_type: str
    endings: tuple[str, ...]


PICTURES: Final = {
    "JPEG": Format("image", "image/jpeg", ("jpg", "jpeg")),
    "PNG": Format("image", "image/png", ("png",)),
    "WEBP": Format("image", "image/webp", ("webp",)),
    "GIF": Format("image", "image/gif", ("gif",)),
    "AVIF": Format("image", "image/avif", ("avif",)),
}
MP3: Final = Format("audio", "audio/mpeg", ("mp3",))
OGG: Final = Format("audio", "audio/ogg", ("ogg", "oga", "opus"))
TEXT: Final = Format("file", "text/plain", ("txt", "csv", "tsv", "md", "log", "json", "ics", "vcf"))
ZIP: Final = Format("file", "application/zip", ("zip",))
_OPEN_XML = "application/vnd.openxmlformats-officedocument."
_OPEN_DOCUMENT = "application/vnd.oasis.opendocument."
DOCUMENTS: Final = {
    _OPEN_XML + "wordprocessingml.document": "docx",
    _OPEN_XML + "spreadsheetml.sheet": "xlsx",
    _OPEN_XML + "presentationml.presentation": "pptx",
    _OPEN_DOCUMENT + "text": "odt",
    _OPEN_DOCUMENT + "spreadsheet": "ods",
    _OPEN_DOCUMENT + "presentation": "odp",
}
CONTROLS: Final = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f]")


def sniff(data: bytes) -> Format | None:
    """Return what some bytes are, or None for what is not taken."""
    head = data[:HEAD]
    for is_it, what in _SIGNATURES:
        if is_it(head):
            return what
    if head[4:8] == b"ftyp":
        return _of_mp4(head[8:12])
    if head.startswith(b"PK\x03\x04"):
        return _of_zip(data)
    return TEXT if _is_text(data) else None


def _starts(*beginnings: bytes) -> Callable[[bytes], bool]:
    return lambda head: head.startswith(beginnings)


def _riff(kind: bytes) -> Callable[[bytes], bool]:
    return lambda head: head[:4] == b"RIFF" and head[8:12] == kind


def _is_mp3(head: bytes) -> bool:
    """Tell by an ID3 tag, or a frame of layer III with a bit rate and a sampling rate."""
    if head[:3] == b"ID3":
        return True
    return (
        len(head) > 3 and head[0] == 0xFF and head[1] & 0xE6 == 0xE2 and 0x10 <= head[2] < 0xF0 and head[2] & 0xC != 0xC
    )


def _is_aac(head: bytes) -> bool:
    return len(head) > 3 and head[0] == 0xFF and head[1] & 0xF6 == 0xF0 and head[2] & 0x3C < 0x34


_SIGNATURES: Final[list[tuple[Callable[[bytes], bool], Format]]] = [
    (_starts(b"\xff\xd8\xff"), PICTURES["JPEG"]),
    (_starts(b"\x89PNG\r\n\x1a\n"), PICTURES["PNG"]),
    (_starts(b"GIF87a", b"GIF89a"), PICTURES["GIF"]),
    (_riff(b"WEBP"), PICTURES["WEBP"]),
    (_riff(b"WAVE"), Format("audio", "audio/wav", ("wav",))),
    (_starts(b"%PDF-"), Format("file", "application/pdf", ("pdf",))),
    (_starts(b"fLaC"), Format("audio", "audio/flac", ("flac",))),
    (_starts(b"#!AMR"), Format("audio", "audio/amr", ("amr",))),
    (lambda head: head[:4] == b"OggS" and b"\x01video" not in head and b"\x80theora" not in head, OGG),
    (lambda head: head[:4] == b"\x1aE\xdf\xa3" and b"webm" in head and b"V_" not in head,
     Format("audio", "audio/webm", ("webm", "weba"))),
    (lambda head: head[:4] == b"\x1aE\xdf\xa3" and b"webm" in head, Format("file", "video/webm", ("webm",))),
    (_is_mp3, MP3),
    (_is_aac, Format("audio", "audio/aac", ("aac",))),
]  # fmt: skip


def _of_mp4(brand: bytes) -> Format | None:
    if brand in (b"avif", b"avis"):
        return PICTURES["AVIF"]
    if brand in (b"M4A ", b"M4B "):
        return Format("audio", "audio/mp4", ("m4a",))
    if brand in (
        b"isom",
        b"iso2",
        b"iso4",
        b"iso5",
        b"iso6",
        b"mp41",
        b"mp42",
        b"avc1",
        b"M4V ",
        b"qt  ",
        b"3gp4",
        b"3gp5",
    ):
        return Format("file", "video/mp4", ("mp4", "m4v", "mov", "3gp"))
    return None


def _of_zip(data: bytes) -> Format | None:
    """Return which document an archive is; nothing in it is unpacked but the line that says so."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            names = archive.namelist()
            if any(name.endswith(MACROS) for name in names):
                return None
            mime_type = _said_inside(archive, names)
    except (zipfile.BadZipFile, NotImplementedError, ValueError, OSError, RuntimeError):
        return None
    ending = DOCUMENTS.get(mime_type)
    return Format("file", mime_type, (ending,)) if ending else ZIP


def _said_inside(archive: zipfile.ZipFile, names: list[str]) -> str:
    if "[Content_Types].xml" in names:
        kinds = (kind for folder, kind in OFFICE.items() if any(name.startswith(folder) for name in names))
        return _OPEN_XML + next(kinds, "")
    if names[:1] == ["mimetype"] and archive.getinfo("mimetype").file_size < LONGEST_NAME:
        return archive.read("mimetype").decode("ascii", "replace").strip()
    return ""


def _is_text(data: bytes) -> bool:
    return bool(data) and not CONTROLS.search(data)


def safe_name(name: str, what: Format) -> str:
    """Return a name that shows what the file is: no path, no mark that turns letters round, an ending that fits."""
    base = re.split(r"[/\\]", name)[-1]
    kept = "".join(
        letter
        for letter in base.encode("utf-8", "ignore").decode()
        if unicodedata.category(letter) not in ("Cc", "Cs", "Zl", "Zp") and letter not in WITHOUT_WIDTH
    )
    stem, dot, ending = " ".join(kept.split()).strip(". ").rpartition(".")
    if not dot:
        stem, ending = ending, ""
    if ending.lower() not in what.endings:
        stem, ending = f"{stem}.{ending}" if dot else stem, what.endings[0]
    return f"{stem[:LONGEST_NAME] or what.media_type}.{ending.lower()}"
