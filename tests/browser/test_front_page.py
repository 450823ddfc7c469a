"""The front page and the page with one line on it."""

import re
from itertools import pairwise

import pytest
from playwright.sync_api import expect

from tests.browser.visitor import OPENING_HOURS, VisitorFactory


def test_the_page_speaks_the_browsers_language_unless_asked_otherwise(visitor: VisitorFactory) -> None:
    person = visitor("es")
    person.page.goto(person.site)
    expect(person.page.get_by_role("heading", level=1)).to_contain_text("Conversaciones que responden")
    person.page.get_by_role("link", name="English").click()
    expect(person.page.get_by_role("heading", level=1)).to_contain_text("Conversations that answer")
    expect(person.page.locator("html")).to_have_attribute("lang", "en")
    expect(person.page.get_by_role("textbox", name="Write your message")).to_be_visible()


@pytest.mark.parametrize("lang", ["es", "en"])
def test_landmarks_headings_and_the_skip_link(visitor: VisitorFactory, lang: str) -> None:
    person = visitor(lang).visit()
    for landmark in ("banner", "main", "contentinfo"):
        expect(person.page.get_by_role(landmark)).to_have_count(1)
    levels = person.page.evaluate("[...document.querySelectorAll('h1, h2, h3')].map((heading) => +heading.tagName[1])")
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))
    person.page.keyboard.press("Tab")
    person.page.keyboard.press("Enter")
    expect(person.page.locator("main")).to_be_focused()


def test_the_page_asks_no_other_host_and_sets_no_cookie(visitor: VisitorFactory) -> None:
    person = visitor("en")
    asked: list[str] = []
    person.page.on("request", lambda request: asked.append(request.url))
    person.visit().ask_and_wait(OPENING_HOURS["en"])
    assert {re.match(r"\w+://[^/]+", url)[0] for url in asked} == {person.site.rstrip("/")}  # type: ignore[index]
    assert person.context.cookies() == []
    person.assert_nothing_to_complain()


def test_the_content_policy_allows_no_inline_code(visitor: VisitorFactory) -> None:
    person = visitor("en")
    for path in ("/", "/demo/"):
        answer = person.page.goto(f"{person.site}{path}")
        assert answer is not None
        policy = answer.headers["content-security-policy"]
        assert "unsafe" not in policy
        assert person.page.locator("[style], style, script:not([src])").count() == 0


def test_the_diagram_shows_the_way_of_ones_own_message(visitor: VisitorFactory) -> None:
    person = visitor("en").visit()
    expect(person.page.locator(".steps .on")).to_have_count(0)
    person.ask_and_wait(OPENING_HOURS["en"])
    expect(person.page.locator(".steps .on")).to_have_count(5)
    expect(person.page.locator(".steps .time").nth(1)).to_have_text(re.compile(r"^\+\d"))


def test_the_links_lead_to_admin_schema_and_health(visitor: VisitorFactory) -> None:
    person = visitor("en").visit()
    links = person.page.locator(".doors a").evaluate_all("(all) => all.map((link) => link.href)")
    for address in links:
        answer = person.context.request.get(address)
        assert answer.ok, f"{address}: {answer.status}"
    expect(person.page.locator("#health")).to_have_text("Every service answers.")


def test_the_snippet_on_the_page_is_the_one_that_works(visitor: VisitorFactory) -> None:
    person = visitor("en").visit()
    snippet = person.page.locator("#snippet").inner_text()
    person.page.goto(f"{person.site}/demo/?lang=en")
    key = person.page.locator("script[data-key]").get_attribute("data-key")
    assert f'data-key="{key}"' in snippet
    assert f"{person.site}/static/chats/widget.js" in snippet


def test_the_pages_script_can_open_close_and_listen(visitor: VisitorFactory) -> None:
    person = visitor("en").visit("/demo/")
    expect(person.button("open")).to_be_visible()
    person.page.evaluate(
        """window.__heard = [];
        for (const name of ["open", "close", "locale"]) Charla.on(name, () => __heard.push(name));
        undefined;"""
    )
    person.page.evaluate("Charla.open()")
    expect(person.field).to_be_focused()
    person.page.evaluate("Charla.setLocale('es')")
    expect(person.page.get_by_role("textbox", name="Escribir un mensaje")).to_be_visible()
    person.page.evaluate("Charla.close()")
    expect(person.page.get_by_role("dialog")).to_be_hidden()
    assert person.page.evaluate("window.__heard") == ["open", "locale", "close"]


def test_reset_forgets_the_visitor(visitor: VisitorFactory) -> None:
    person = visitor("en").visit("/demo/")
    person.button("open").click()
    person.ask_and_wait("Hello")
    person.page.evaluate("Charla.reset()")
    expect(person.mine).to_have_count(0)
    person.page.reload()
    person.button("open").click()
    expect(person.widget.locator(".welcome")).to_be_visible()
    expect(person.mine).to_have_count(0)
