"""The one renderer of formatted text: Markdown becomes a small tree, and only that tree becomes a page.

It is the sanitizer too: a tree is built of the tags of TAGS alone, with links that `safe_link` lets through as its only
addresses; markup in the text stays text. The widget gets the tree itself (`blocks`) and makes elements of it; the
administration and e-mails get it as HTML (`to_html`). What visitors write does not go through here: it is shown letter
by letter. Most messages have no Markdown, and cost one search by a regular expression.
"""

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Any, Final
from urllib.parse import urlsplit

from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe
from markdown_it import MarkdownIt
from markdown_it.token import Token

# Text, or a tag, its attributes and its children: ("p", {}, "see ", ("a", {"href": "https://…"}, "here")).
Node = str | tuple[Any, ...]

TAGS: Final = frozenset(
    {
        "p", "br", "strong", "em", "s", "code", "pre", "ul", "ol", "li", "blockquote", "hr", "a", "table", "thead",
        "tbody", "tr", "th", "td",
    }
)  # fmt: skip
INLINE: Final = frozenset({"strong", "em", "s", "code", "a"})
SCHEMES: Final = frozenset({"http", "https", "mailto", "tel"})
LONGEST_LINK: Final = 2_000
DEEPEST: Final = 20  # markdown-it leaves text out beyond it: such a text is shown as it is
MAY_BE_MARKDOWN: Final = re.compile(
    r"[*_`~\[<\\|]|&#?[a-zA-Z0-9]{1,32};|://"
    r"|^[ \t]*(?:[-+•#]+|\d{1,9}[.)])[ \t]|^[ \t]*>|^[ \t]*(?:=+|-{2,})[ \t]*$",
    re.MULTILINE,
)
BULLET: Final = re.compile(r"^([ \t]*)•(?=[ \t])", re.MULTILINE)
ADDRESS: Final = re.compile(r"https?://[^\s<>\"'`]{1,2000}")
HOST: Final = re.compile(r"(?:\[[0-9A-Fa-f:.]+\]|\w(?:[\w.-]*\w)?\.?)(?::\d{1,5})?")
AFTER_ADDRESS: Final = ".,;:!?)]}*_~…»”’"
PUNCTUATION: Final = re.compile(r"([!-/:-@\[-`{-~])")

_markdown = MarkdownIt("commonmark", {"html": False, "breaks": True, "maxNesting": DEEPEST}).enable(
    ["table", "strikethrough"]
)
# A definition would hide text, an indented line is seldom code, and markup is not ours to read.
_markdown.disable(["html_block", "html_inline", "reference", "code"])


@lru_cache(maxsize=256)
def blocks(text: str) -> tuple[Node, ...] | None:
    """Return a text's tree, or None when it is plain and reads best as it is, line by line."""
    if not MAY_BE_MARKDOWN.search(text):
        return None
    tokens = _markdown.parse(BULLET.sub(r"\1-", text))
    if any(token.level >= DEEPEST - 1 for token in tokens):
        return None
    return _tree(tokens)


def to_html(text: str) -> SafeString:
    """Return a text as HTML made of TAGS."""
    tree = blocks(text)
    if tree is None:
        parts = re.split(r"\n[ \t]*\n+", text.strip("\n"))
        tree = tuple(("p", {}, *_lines(part)) for part in parts)
    return mark_safe("".join(map(_html, tree)))  # noqa: S308 - each text in it is escaped, each tag is one of TAGS


def to_plain(text: str) -> str:
    """Return a text as it reads without its markup, line by line: for where no HTML can be."""
    tree = blocks(text)
    return text if tree is None else re.sub(r"\s*\n\s*", "\n", "".join(map(_plain, tree))).strip()


def as_text(value: object) -> str:
    """Return a value as Markdown that shows its very letters, to be put into a text that is rendered."""
    return PUNCTUATION.sub(r"\\\1", str(value))


def safe_link(address: str) -> str | None:
    """Return an address that may be linked, or None: to the web (never with a name before `@`), mail or telephone."""
    if len(address) > LONGEST_LINK or re.search(r"[\s\x00-\x1f\x7f\\]", address):
        return None
    try:
        parts = urlsplit(address)
        if parts.scheme not in SCHEMES:
            return None
        if parts.scheme in ("http", "https") and not HOST.fullmatch(parts.netloc):
            return None
    except ValueError:
        return None
    return address


def _lines(text: str) -> Iterator[Node]:
    for number, line in enumerate(text.split("\n")):
        if number:
            yield ("br", {})
        yield line


def _tree(tokens: Sequence[Token]) -> tuple[Node, ...]:
    """Return the nodes of a run of tokens; a tag that is not ours is left out, and what is in it stays."""
    root: list[Any] = []
    open_nodes: list[list[Any]] = [root]
    for token in tokens:
        if token.nesting == 1:
            node = _opened(token)
            open_nodes.append(node)
        elif token.nesting == -1:
            closed = open_nodes.pop()
            open_nodes[-1].extend(_closed(closed, token))
        else:
            open_nodes[-1].extend(_alone(token))
    return tuple(root)


def _opened(token: Token) -> list[Any]:
    attributes: dict[str, Any] = {}
    if token.tag == "ol" and isinstance(start := token.attrs.get("start"), int):
        attributes["start"] = start
    if token.tag == "a":
        attributes["href"] = str(token.attrs.get("href", ""))
    return ["" if token.hidden else token.tag, attributes]


def _closed(node: list[Any], token: Token) -> Iterator[Node]:
    tag, attributes, *children = node
    if token.type == "heading_close":
        yield ("p", {}, ("strong", {}, *children))
    elif tag == "a" and safe_link(attributes["href"]) is None:
        yield from children
    elif tag in TAGS:
        yield (tag, attributes, *children)
    else:
        yield from children


def _alone(token: Token) -> Iterator[Node]:
    match token.type:
        case "inline":
            yield from _linked(_tree(token.children or []))
        case "text":
            yield token.content
        case "softbreak" | "hardbreak":
            yield ("br", {})
        case "code_inline":
            yield ("code", {}, token.content)
        case "fence" | "code_block":
            yield ("pre", {}, ("code", {}, token.content))
        case "hr":
            yield ("hr", {})
        case "image":
            yield _picture(token)
        case _:
            yield token.content


def _picture(token: Token) -> Node:
    """Return a link in the place of a picture: nothing is fetched from elsewhere because somebody reads a text."""
    address, label = str(token.attrs.get("src", "")), token.content
    if safe_link(address) is None:
        return label
    return ("a", {"href": address}, label or address)


def _linked(nodes: Sequence[Node]) -> Iterator[Node]:
    """Make links of the addresses that stand in a text by themselves."""
    for node in nodes:
        if isinstance(node, str):
            yield from _addresses(node)
        elif node[0] in ("a", "code"):
            yield node
        else:
            yield (node[0], node[1], *_linked(node[2:]))


def _addresses(text: str) -> Iterator[Node]:
    begin = 0
    for found in ADDRESS.finditer(text):
        address = found.group().rstrip(AFTER_ADDRESS)
        if safe_link(address) is None:
            continue
        if found.start() > begin:
            yield text[begin : found.start()]
        yield ("a", {"href": address}, address)
        begin = found.start() + len(address)
    if begin < len(text):
        yield text[begin:]


def _plain(node: Node) -> str:
    if isinstance(node, str):
        return node
    tag, _attributes, *children = node
    inside = "".join(map(_plain, children))
    if tag in ("td", "th"):
        return f"{inside} "
    return inside if tag in INLINE else f"{inside}\n"


def _html(node: Node) -> str:
    if isinstance(node, str):
        return str(escape(node))
    tag, attributes, *children = node
    if tag == "a":
        attributes = {**attributes, "target": "_blank", "rel": "noopener noreferrer nofollow"}
    written = "".join(f' {name}="{escape(value)}"' for name, value in attributes.items())
    if tag in ("br", "hr"):
        return f"<{tag}>"
    return f"<{tag}{written}>{''.join(map(_html, children))}</{tag}>"
