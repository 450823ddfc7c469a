"""Reading pages: Markdown by its headings, HTML and plain text as one document each."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from django.utils.translation import gettext as _

from agents.services.importing.html_text import html_text, tidy
from agents.services.importing.records import Problem, Record, UnreadableFileError
from agents.services.importing.sources import Source

LARGEST_PAGE: Final = 16 << 20
HEADING: Final = re.compile(r"^(#{1,4})\s+(.+?)\s*#*$")
FENCE: Final = re.compile(r"^(```|~~~)")
LINK: Final = re.compile(r"!?\[([^\]]*)\]\([^)]*\)")
EMPHASIS: Final = re.compile(r"(\*\*|__)(?=\S)(.+?)(?<=\S)\1")


def read_markdown(source: Source, mapping: Mapping[str, str]) -> Iterator[Record | Problem]:
    """Yield each section under its headings; what stands before the first one is under the file's name."""
    trail: list[tuple[int, str]] = []
    lines: list[str] = []
    begins, fenced = 1, False
    for number, line in enumerate([*_page(source).split("\n"), "# "], 1):
        fenced ^= bool(FENCE.match(line))
        heading = None if fenced else HEADING.match(line)
        if heading is None and line != "# ":
            lines.append(EMPHASIS.sub(r"\2", LINK.sub(r"\1", line)))
            continue
        if text := tidy("\n".join(lines)):
            titles = [title for _, title in trail]
            title = titles[-1] if titles else _title(source)
            yield Record(begins, {"title": title, "content": text}, tuple(titles[:-1]))
        lines, begins = [], number
        if heading:
            depth = len(heading[1])
            trail = [*((level, title) for level, title in trail if level < depth), (depth, heading[2])]


def read_html(source: Source, mapping: Mapping[str, str]) -> Iterator[Record | Problem]:
    """Yield the page's text under its title."""
    title, text = html_text(_page(source))
    if text:
        yield Record(1, {"title": title or _title(source), "content": text})


def read_text(source: Source, mapping: Mapping[str, str]) -> Iterator[Record | Problem]:
    """Yield the file's text under its name."""
    if text := tidy(_page(source)):
        yield Record(1, {"title": _title(source), "content": text})


def _page(source: Source) -> str:
    with source.text() as stream:
        text = stream.read(LARGEST_PAGE + 1)
    if len(text) > LARGEST_PAGE:
        raise UnreadableFileError(_("It is too large for one page; split it."))
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _title(source: Source) -> str:
    return Path(source.name.removesuffix(".gz")).stem.replace("_", " ").replace("-", " ").strip()
