"""Markdown becomes a few tags, plain text costs nothing, and no text becomes markup."""

import re
import time
from html import unescape
from itertools import chain
from typing import Any

import nh3
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tenants.rendering import SCHEMES, TAGS, Node, as_text, blocks, safe_link, to_html, to_plain

PIECES = [
    "**", "*", "_", "~~", "`", "```\n", "[", "](", ")", "![", "<", ">", "<b>", "</", "<script>", "onerror=", '"', "'",
    "javascript:", "https://example.org", "data:text/html,", "&lt;", "&#x3c;", "\\", "|", "\n", "\n\n", "- ", "1. ",
    "# ", "> ", "    ", "---\n", "a", "Hola", " ", "\u202e", "\x00", "//", "http://", "|-|\n", "[a]: b\n", "<http://x>",
]  # fmt: skip
markdowns = st.one_of(st.text(max_size=200), st.lists(st.sampled_from(PIECES), max_size=40).map("".join))


def tags_of(nodes: Any) -> set[str]:
    """Return every tag in a tree."""
    found = set()
    for node in nodes or ():
        if not isinstance(node, str):
            found |= {node[0]} | tags_of(node[2:])
    return found


def letters_of(nodes: Any) -> str:
    """Return a tree's text without its spaces."""
    parts = (node if isinstance(node, str) else letters_of(node[2:]) for node in nodes)
    return "".join("".join(parts).split())


@pytest.mark.parametrize(
    "text",
    ["Hello", "Hola, ¿qué tal?\nBien.", "It costs $5 - or 4.50 (today)", "AT&T & friends", "a > b, 2 x 3 = 6", "50%"],
)
def test_plain_text_stays_as_it_is(text: str) -> None:
    assert blocks(text) is None


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("**bold** and _soft_", "<p><strong>bold</strong> and <em>soft</em></p>"),
        ("- one\n- two", "<ul><li>one</li><li>two</li></ul>"),
        ("• one\n• two", "<ul><li>one</li><li>two</li></ul>"),
        ("3. three\n4. four", '<ol start="3"><li>three</li><li>four</li></ol>'),
        ("# Title\nText", "<p><strong>Title</strong></p><p>Text</p>"),
        ("`a < b`\nnext", "<p><code>a &lt; b</code><br>next</p>"),
        ("```py\nif a < b:\n```", "<pre><code>if a &lt; b:\n</code></pre>"),
        ("> said", "<blockquote><p>said</p></blockquote>"),
        (
            "|a|b|\n|-|-|\n|1|2|",
            "<table><thead><tr><th>a</th><th>b</th></tr></thead><tbody><tr><td>1</td><td>2</td></tr></tbody></table>",
        ),
        ("plain\n\ntext & more", "<p>plain</p><p>text &amp; more</p>"),
        ("<b>bold</b> &lt;i&gt;", "<p>&lt;b&gt;bold&lt;/b&gt; &lt;i&gt;</p>"),
    ],
)
def test_markdown_becomes_tags(text: str, html: str) -> None:
    assert to_html(text) == html


def test_links_open_apart_and_tell_nobody_where_they_were() -> None:
    link = '<a href="{0}" target="_blank" rel="noopener noreferrer nofollow">{1}</a>'
    assert to_html("[here](https://a.example/x)") == f"<p>{link.format('https://a.example/x', 'here')}</p>"
    assert to_html("see https://a.example/x_y?q=1&r=2.") == (
        f"<p>see {link.format('https://a.example/x_y?q=1&amp;r=2', 'https://a.example/x_y?q=1&amp;r=2')}.</p>"
    )


def test_a_picture_becomes_a_link_so_that_reading_fetches_nothing() -> None:
    assert blocks("![cat](https://a.example/cat.png)") == (
        ("p", {}, ("a", {"href": "https://a.example/cat.png"}, "cat")),
    )
    assert blocks("![cat](data:image/png;base64,AAAA)") == (("p", {}, "cat"),)


@pytest.mark.parametrize(
    "address",
    [
        "javascript:alert(1)", "JaVaScRiPt:alert(1)", "data:text/html,x", "vbscript:x", "file:///etc/passwd",
        "https://bank.example@evil.example/", "https://", "http:///x", "//evil.example", "/relative", "blob:https://x/y",
        "https://a.example/\tb", "https://a.example\\@evil.example", "https://[bad", "https://a.example:99999999/",
        "https://a.example/" + "x" * 2_000,
    ],
)  # fmt: skip
def test_an_address_that_is_not_to_the_web_is_not_linked(address: str) -> None:
    assert safe_link(address) is None
    assert "<a " not in to_html(f"[label]({address})") or "evil" not in to_html(f"[label]({address})")
    assert f'href="{address}' not in to_html(f"[label]({address}) ![x]({address}) <{address}>")


def test_no_text_is_lost_where_nesting_is_absurd_or_a_definition_would_hide_it() -> None:
    assert "deep" in to_html("> " * 50 + "deep")
    assert "hidden" in to_html("[hidden]: https://a.example")


def test_a_value_put_into_a_rendered_text_shows_its_letters() -> None:
    value = "**[x](https://a.example)** <b> `c` # - | \\ _y_ &amp;"
    assert letters_of(blocks(f"Webhook {as_text(value)} paused")) == "".join(f"Webhook{value}paused".split())
    assert tags_of(blocks(f"Webhook {as_text('**[x](y)** <b> `c`')} paused")) == {"p"}


@settings(max_examples=600, deadline=None)
@given(markdowns)
def test_whatever_is_written_only_known_tags_and_safe_links_come_out(text: str) -> None:
    html = to_html(text)
    allowed = {"a": {"href", "target", "rel"}, "ol": {"start"}}
    tags = {tag: allowed.get(tag, set()) for tag in TAGS}
    cleaned = nh3.clean(html, tags=set(TAGS), attributes=tags, link_rel=None, url_schemes=set(SCHEMES))
    assert _without_spelling(cleaned) == _without_spelling(html)
    assert tags_of(blocks(text)) <= TAGS


def _without_spelling(page: str) -> str:
    """Return HTML without what two serializers may write in two ways."""
    return re.sub(r"\s", "", unescape(re.sub(r"[\x00\ufffd]", "", page)))


@pytest.mark.parametrize(
    "text",
    [
        "[" * 3_000 + "](" * 3_000, "**" * 5_000, "`" * 9_000, "[a](http://" * 900, "*a **a " * 1_400, "> " * 5_000,
        "![[" * 3_300, "![" * 5_000, "<" * 10_000, "_a" * 5_000, "|a" * 2_500 + "\n" + "|-" * 2_500,
        "".join("`" * n + " " for n in range(140)), "https://" * 1_200, "a\n- " * 3_000,
    ],
    ids=lambda text: text[:8],
)  # fmt: skip
def test_no_text_of_a_messages_length_takes_long(text: str) -> None:
    blocks.cache_clear()
    begin = time.process_time()
    to_html(text[:10_000])
    assert time.process_time() - begin < 1.5


def test_plain_text_costs_next_to_nothing() -> None:
    texts = [
        f"Hello {number}, I would like to know when you open tomorrow, and what it costs." for number in range(500)
    ]
    begin = time.process_time()
    assert not any(map(blocks, texts))
    assert (time.process_time() - begin) / len(texts) < 0.000_1
    assert list(chain.from_iterable(blocks(text) or () for text in texts)) == []


def test_a_tree_can_be_shared_because_nobody_can_change_it() -> None:
    tree: tuple[Node, ...] | None = blocks("**a**")
    assert tree is blocks("**a**")
    assert isinstance(tree, tuple)


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("no markup\n at all ", "no markup\n at all "),
        ("**Bold**, _slanted_ and `code`", "Bold, slanted and code"),
        ("See [the list](https://example.org/list)", "See the list"),
        ("# Title\n\ntext\n\n- one\n- two", "Title\ntext\none\ntwo"),
        ("|a|b|\n|-|-|\n|1|2|", "a b\n1 2"),
        ("<b>not markup</b>", "<b>not markup</b>"),
    ],
)
def test_a_text_reads_without_its_marks(text: str, plain: str) -> None:
    assert to_plain(text) == plain
