"""People's text is text: nothing that is written can act in the page."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Dialog, Request, Route, expect

from tenants.rendering import SCHEMES, TAGS, blocks
from tests.browser.hostile import OWN, corpus
from tests.browser.visitor import ANSWER_MS, Visitor, VisitorFactory

HISTORY_MS: Final = 60_000  # thousands of messages at once, beside other work
HISTORY: Final = re.compile(r"/messages/\?")
TAGS_OF_ANSWERS: Final = {tag.upper() for tag in TAGS} | {"DIV", "SPAN"}  # a table scrolls in its own box


# Shows each text as a widget's title, colour, agent, greeting and first question; tells where one did not stay text.
CONFIGURED: Final = """async (texts) => {
  const really = window.fetch;
  window.fetch = async (url, options) => {
    const asked = new URL(url);
    if (!asked.pathname.endsWith("/widget/config/")) return really(url, options);
    const text = texts[Number(asked.searchParams.get("key"))];
    return Response.json({ tenant: { name: text, display_name: text }, agent: { name: text, slug: "a", greeting: text },
      locale: "en", title: text, color: text, suggestions: [text], media: { max_bytes: 1, max_files: 1 } });
  };
  const wrong = [];
  for (let begin = 0; begin < texts.length; begin += 100) {
    const widgets = texts.slice(begin, begin + 100).map((_text, at) => {
      const widget = document.createElement("charla-widget");
      Object.assign(widget.dataset, { key: String(begin + at), locale: "en" });
      document.body.append(widget);
      return widget;
    });
    const heading = (widget) => widget.shadowRoot.querySelector("h2")?.textContent;
    const shows = (widget, at) => heading(widget) === texts[begin + at];
    for (let tries = 0; tries < 200 && !widgets.every(shows); tries += 1) {
      await new Promise((done) => setTimeout(done, 20));
    }
    widgets.forEach((widget, at) => {
      if (!shows(widget, at)) wrong.push(`not shown: ${texts[begin + at]}`);
      for (const element of widget.shadowRoot.querySelectorAll("*")) {
        for (const { name, value } of element.attributes) {
          const leads = /href|src|action/.test(name) && /^\\s*(javascript|data|vbscript):/i.test(value);
          if (leads || /^on|^srcdoc$/.test(name)) {
            wrong.push(`${element.tagName} ${name}`);
          }
        }
      }
      widget.remove();
    });
  }
  window.fetch = really;
  return wrong;
}"""


def message_of(sequence: int, text: str, sender: str) -> dict[str, Any]:
    """A message as the API gives it, with the text wherever somebody's words may stand in it."""
    citation = {"document": "1", "title": text, "source": text, "excerpt": text}
    kind = "audio" if sequence % 2 else "file"
    file = {
        "id": str(sequence),
        "media_type": kind,
        "mime_type": "text/plain",
        "name": text,
        "size": 1,
        "url": "/none/",
    }
    return {
        "id": str(sequence), "sequence": sequence, "sender": sender, "content": text, "content_type": "text",
        "language": "en", "timestamp": "2026-01-01T00:00:00Z", "client_message_id": None, "in_response_to": None,
        "author": {"id": "1", "name": text, "kind": "person"} if sender == "staff" else None,
        "citations": [citation] if sender == "agent" else [], "media": [file] if sender == "staff" else [],
        "blocks": blocks(text) if sender in {"agent", "staff"} else None,
    }  # fmt: skip


def show_history(person: Visitor, texts: list[str], sender: str) -> None:
    """Give the widget a conversation with these texts as its history."""
    messages = [message_of(number, text, sender) for number, text in enumerate(texts, 1)]

    def answer(route: Route) -> None:
        route.fulfill(json={"next": None, "previous": None, "results": messages})

    person.page.route(HISTORY, answer)
    person.page.reload()
    expect(person.widget.locator(".log > .item .bubble")).to_have_count(len(texts), timeout=HISTORY_MS)


@contextmanager
def nothing_happens(person: Visitor) -> Iterator[None]:
    """Nothing runs, no other host is asked, no dialog opens, and neither console nor policy complains."""
    wrong: list[str] = []
    own = urlsplit(person.site).netloc

    def asked(request: Request) -> None:
        parts = urlsplit(request.url)
        if parts.scheme in {"http", "https", "ws", "wss"} and parts.netloc != own:
            wrong.append(request.url[:200])

    def spoke(dialog: Dialog) -> None:
        wrong.append(f"dialog {dialog.message[:80]}")
        dialog.dismiss()

    person.page.on("request", asked)
    person.page.on("dialog", spoke)
    yield
    assert person.page.evaluate("window.__hacked") is None
    assert wrong == []
    person.assert_nothing_to_complain(but=r"\b503\b")  # the front page asks for the health


@pytest.mark.datasets
def test_what_people_wrote_is_shown_letter_by_letter(visitor: VisitorFactory) -> None:
    person = visitor("en").visit()
    person.ask_and_wait("Hello")
    texts = corpus(every=4)
    with nothing_happens(person):
        show_history(person, texts, "user")
        shown = person.mine.evaluate_all("(all) => all.map((bubble) => [bubble.textContent, bubble.childElementCount])")
        assert shown == [[text, 0] for text in texts]


@pytest.mark.datasets
@pytest.mark.parametrize("sender", ["agent", "staff"])
def test_what_agents_and_staff_write_becomes_a_few_tags_and_web_links_only(
    visitor: VisitorFactory, sender: str
) -> None:
    person = visitor("en").visit()
    person.ask_and_wait("Hello")
    texts = corpus(every=4)
    with nothing_happens(person):
        show_history(person, texts, sender)
        found = person.widget.locator(".log").evaluate(
            """(log) => { const inside = [...log.querySelectorAll(".bubble *, .sources *, .files *, .who *")];
            const texts = (of) => [...log.querySelectorAll(of)].map((element) => element.textContent);
            return {
            tags: [...new Set([...log.querySelectorAll(".bubble *")].map((element) => element.tagName))],
            attributes: [...new Set(inside.flatMap((element) => element.getAttributeNames()))],
            schemes: [...new Set([...log.querySelectorAll("a")].map((link) => link.protocol))],
            rels: [...new Set([...log.querySelectorAll("a")].map((link) => link.rel))],
            authors: texts(".who"), files: texts(".files .chip.file span") }; }"""
        )
    assert set(found["tags"]) <= TAGS_OF_ANSWERS
    assert not [name for name in found["attributes"] if name.startswith("on") or name in {"style", "src", "srcdoc"}]
    assert set(found["schemes"]) <= {f"{scheme}:" for scheme in SCHEMES}
    assert found["rels"] == ["noopener noreferrer nofollow"]
    if sender == "staff":
        assert found["authors"] == found["files"] == texts


@pytest.mark.datasets
def test_whatever_a_tenant_and_its_agent_are_called_stays_text(visitor: VisitorFactory) -> None:
    person = visitor("en").visit("/demo/")
    expect(person.button("open")).to_be_visible()
    with nothing_happens(person):
        assert person.page.evaluate(CONFIGURED, corpus(every=4)) == []


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
