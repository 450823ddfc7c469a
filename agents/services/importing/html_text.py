"""HTML as text: blocks become lines, scripts and styles nothing, entities letters."""

import re
from html import unescape
from html.parser import HTMLParser
from typing import Final

BLOCKS: Final = frozenset(
    {"p", "div", "br", "li", "ul", "ol", "tr", "table", "h1", "h2", "h3", "h4", "h5", "h6", "section", "article", "pre"}
)
SILENT: Final = frozenset({"script", "style", "template", "noscript", "head"})
MARKUP: Final = re.compile(r"</?[a-zA-Z][^<>]*>|&(#\d+|#x[0-9a-fA-F]+|[a-zA-Z]{2,8});")
SPACES: Final = re.compile(r"[^\S\n]+")
EMPTY_LINES: Final = re.compile(r"\n\s*\n\s*")


class _Text(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self.title = ""
        self._silent = 0
        self._in_title = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._silent += tag in SILENT
        self._in_title = tag == "title"
        if tag in BLOCKS:
            self.parts.append("\n- " if tag == "li" else "\n")

    def handle_endtag(self, tag: str) -> None:
        self._silent -= tag in SILENT and self._silent > 0
        self._in_title = False
        if tag in BLOCKS and tag not in {"br", "li"}:
            self.parts.append("\n")

    def handle_data(self, data: str) -> None:
        if self._in_title:
            self.title += data
        elif not self._silent:
            self.parts.append(SPACES.sub(" ", data.replace("\n", " ")))


def html_text(html: str) -> tuple[str, str]:
    """Return a page's title and its text."""
    parser = _Text()
    parser.feed(html)
    parser.close()
    return tidy(parser.title), tidy("".join(parser.parts))


def without_markup(text: str) -> str:
    """Return a cell's text: as it is when it has no markup, else what a browser would show of it."""
    if not MARKUP.search(text):
        return tidy(text)
    if "<" not in text:
        return tidy(unescape(text))
    return html_text(text.replace("\n", "<br>") if not re.search(r"<(p|br|div|li)\b", text, re.IGNORECASE) else text)[1]


def tidy(text: str) -> str:
    """Return a text without surplus space: no-break and other spaces are one, empty lines at most one at a time."""
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\u200b", "").replace("\ufeff", "")
    lines = (SPACES.sub(" ", line).strip() for line in text.split("\n"))
    return EMPTY_LINES.sub("\n\n", "\n".join(lines)).strip()
