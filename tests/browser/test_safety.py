"""People's text is text: nothing that is written can act in the page."""

import json
import os
import re
import warnings
from pathlib import Path
from typing import Any, Final

import pytest
from playwright.sync_api import Route, expect

from tenants.rendering import SCHEMES, TAGS, blocks
from tests.browser.visitor import ANSWER_MS, Visitor, VisitorFactory

HISTORY: Final = re.compile(r"/messages/\?")
OWN: Final = [
    "<script>window.__hacked = 1</script>",
    "<img src=x onerror=window.__hacked=1>",
    "[click](javascript:window.__hacked=1)",
    "[click](data:text/html,<script>window.__hacked=1</script>)",
    'https://example.com/"onmouseover="window.__hacked=1',
    "**<b onmouseover=window.__hacked=1>bold</b>**",
    "```\n<svg onload=window.__hacked=1>\n```",
    "{{constructor.constructor('window.__hacked=1')()}}",
    "\u202eright to left\u202c and \u0336strike and z\u0351\u036ba\u0300l\u034ego",
    "ﷺ" * 50,
    "👩‍👩‍👧‍👦🏳️‍🌈 emoji families",
    "[" * 3_000 + "](" * 3_000,
    "**" * 4_000,
    "`" * 9_000,
    "[a](http://" * 900,
    "a\u2028b\u2029c\u0085d\ufeffe",
]
TAGS_OF_ANSWERS: Final = {tag.upper() for tag in TAGS} | {"DIV", "SPAN"}  # a table scrolls in its own box


def naughty_strings() -> list[str]:
    """Our own, and the big list and a sample of script injections when CHARLA_DATASETS names the data sets."""
    folder = Path(os.environ.get("CHARLA_DATASETS", "/nonexistent")) / "bad_input"
    if not folder.is_dir():
        warnings.warn("CHARLA_DATASETS names no bad_input: only our own strings were tried", stacklevel=2)
        return OWN
    listed = [entry["text"] for entry in json.loads((folder / "blns.json").read_text())]
    lines = (folder / "attack_payloads.jsonl").read_text().splitlines()
    attacks = [entry["text"] for entry in map(json.loads, lines) if entry["category"] == "xss"]
    return OWN + listed + attacks[::4]


def storable(text: str) -> bool:
    return bool(text.strip()) and "\x00" not in text


def show_history(person: Visitor, texts: list[str], sender: str) -> None:
    """Give the widget a conversation with these texts as its history."""

    def message(sequence: int, text: str) -> dict[str, Any]:
        citation = {"document": "1", "title": text, "source": text, "excerpt": text}
        return {
            "id": str(sequence), "sequence": sequence, "sender": sender, "content": text, "content_type": "text",
            "language": "en", "timestamp": "2026-01-01T00:00:00Z", "client_message_id": None, "in_response_to": None,
            "author": None, "citations": [citation] if sender == "agent" else [], "media": [],
            "blocks": blocks(text) if sender == "agent" else None,
        }  # fmt: skip

    def answer(route: Route) -> None:
        route.fulfill(json={"next": None, "previous": None, "results": [message(n, t) for n, t in enumerate(texts, 1)]})

    person.page.route(HISTORY, answer)
    person.page.reload()
    expect(person.widget.locator(".log > .item .bubble")).to_have_count(len(texts), timeout=ANSWER_MS)


@pytest.mark.datasets
def test_what_people_wrote_is_shown_letter_by_letter(visitor: VisitorFactory) -> None:
    person = visitor("en").visit()
    person.ask_and_wait("Hello")
    texts = [text for text in naughty_strings() if storable(text)]
    show_history(person, texts, "user")
    shown = person.mine.evaluate_all("(all) => all.map((bubble) => [bubble.textContent, bubble.childElementCount])")
    assert shown == [[text, 0] for text in texts]
    assert person.page.evaluate("window.__hacked") is None
    person.assert_nothing_to_complain()


@pytest.mark.datasets
def test_what_agents_write_becomes_a_few_tags_and_web_links_only(visitor: VisitorFactory) -> None:
    person = visitor("en").visit()
    person.ask_and_wait("Hello")
    show_history(person, [text for text in naughty_strings() if storable(text)], "agent")
    found = person.widget.locator(".log").evaluate(
        """(log) => { const inside = [...log.querySelectorAll(".bubble *, .sources *")]; return {
        tags: [...new Set([...log.querySelectorAll(".bubble *")].map((element) => element.tagName))],
        attributes: [...new Set(inside.flatMap((element) => element.getAttributeNames()))],
        schemes: [...new Set([...log.querySelectorAll("a")].map((link) => link.protocol))],
        rels: [...new Set([...log.querySelectorAll("a")].map((link) => link.rel))] }; }"""
    )
    assert set(found["tags"]) <= TAGS_OF_ANSWERS
    assert not [name for name in found["attributes"] if name.startswith("on") or name in {"style", "src", "srcdoc"}]
    assert set(found["schemes"]) <= {f"{scheme}:" for scheme in SCHEMES}
    assert found["rels"] == ["noopener noreferrer nofollow"]
    assert person.page.evaluate("window.__hacked") is None
    person.assert_nothing_to_complain()


def test_naughty_strings_go_to_the_server_and_come_back_the_same(visitor: VisitorFactory) -> None:
    person = visitor("en").visit()
    for number, text in enumerate([OWN[0], OWN[8], OWN[10], "'; DROP TABLE chats; --"], 1):
        person.ask(text)
        expect(person.mine).to_have_count(number)
        expect(person.widget.locator(".log > .mine .meta").last).to_contain_text("Sent", timeout=ANSWER_MS)
    before = person.mine.all_text_contents()
    person.page.reload()
    expect(person.mine).to_have_text(before, timeout=ANSWER_MS)


def test_blank_text_nul_and_half_characters_are_not_sent_as_they_are(visitor: VisitorFactory) -> None:
    person = visitor("en").visit()
    person.ask("   \n  ")
    expect(person.mine).to_have_count(0)
    person.field.evaluate("(field) => { field.value = 'half \\ud83d and nul \\u0000 end'; }")
    person.field.press("Enter")
    expect(person.mine).to_have_text(["half \ufffd and nul  end"])
    expect(person.widget.locator(".log > .mine .meta")).to_contain_text("Sent", timeout=ANSWER_MS)


def test_the_widget_works_under_trusted_types(visitor: VisitorFactory) -> None:
    person = visitor("en")

    def stricter(route: Route) -> None:
        answer = route.fetch()
        policy = (
            answer.headers["content-security-policy"] + "; require-trusted-types-for 'script'; trusted-types 'none'"
        )
        route.fulfill(response=answer, headers={**answer.headers, "content-security-policy": policy})

    person.page.route(re.compile(r"/demo/"), stricter)
    person.visit("/demo/")
    person.button("open").click()
    person.ask_and_wait("Hello")
    person.assert_nothing_to_complain(but="LOCAL_NETWORK")  # a page that a test hands out is no local one
