"""Script injections in every place that shows text: nothing runs, nothing is asked of another host.

CHARLA_CORPUS=all tries each text of the data sets in each place; else the administration has every thirty-second and
the widget (test_safety.py) every fourth. The renderer has all of them at any time.
"""

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import pytest
from django.template.loader import render_to_string
from playwright.sync_api import Browser, Page, Request

from chats.admin.names import LONGEST
from tenants.admin_base import COUNT_AT_MOST
from tenants.rendering import TAGS, as_text, to_html
from tests.browser.hostile import corpus
from tests.browser.visitor import VisitorFactory

ROOT: Final = Path(__file__).resolve().parents[2]
PER_PAGE: Final = 25
DEMO: Final = 200  # rows of a kind that the demo has, generously
EVERY: Final = 32
# What the payloads call when they run. Also caught: dialogs, requests to other hosts, and what a policy had to stop.
TRAP: Final = """
window.__hacked = window.__hacked ?? 0;
for (const name of ["alert", "confirm", "prompt", "print", "open"]) {
  Object.defineProperty(window, name, { value: () => { window.__hacked += 1; }, configurable: false });
}
"""
WATCH: Final = """
window.__violations = [];
addEventListener("securitypolicyviolation", ({ violatedDirective, blockedURI, sample }) => {
  window.__violations.push(`${violatedDirective} ${blockedURI} ${sample}`);
});
"""
SCAN: Final = """
() => [...document.querySelectorAll("*")].flatMap((element) => [
  ...element.getAttributeNames().filter((name) => /^on[a-z]+$/.test(name))
    .map((name) => `${element.tagName} ${name}`),
  ...["href", "src", "action", "formaction", "data"].filter((name) =>
    /^\\s*(javascript|vbscript|data:text)/i.test(element.getAttribute(name) ?? "")
  ).map((name) => `${element.tagName} ${name}`),
])
"""


@contextmanager
def watched(page: Page, hosts: set[str]) -> Iterator[list[str]]:
    """Collect what a page does that it must not: run a text, ask another host, leave its address."""
    wrong: list[str] = []

    def asked(request: Request) -> None:
        parts = urlsplit(request.url)
        if parts.scheme in ("http", "https", "ws", "wss") and parts.netloc not in hosts:
            wrong.append(f"request {request.url[:200]}")

    def spoke(dialog: Any) -> None:
        wrong.append(f"dialog {dialog.message[:80]}")
        dialog.dismiss()

    page.on("request", asked)
    page.on("dialog", spoke)
    yield wrong
    page.remove_listener("request", asked)
    page.remove_listener("dialog", spoke)


def harm(page: Page) -> list[Any]:
    """Return what has run, what a policy stopped, and what would act if it were touched."""
    hacked = page.evaluate("window.__hacked") or 0
    return [*(["ran"] if hacked else []), *page.evaluate("window.__violations ?? []"), *page.evaluate(SCAN)]


@pytest.mark.datasets
@pytest.mark.parametrize("place", ["message", "mail", "value in a mail"])
def test_what_the_renderer_made_is_harmless_even_without_a_policy(chromium: Browser, place: str) -> None:
    texts = corpus()
    page = chromium.new_page()
    page.add_init_script(TRAP + WATCH)
    with watched(page, set()) as wrong:
        for begin in range(0, len(texts), 200):
            some = texts[begin : begin + 200]
            made = [to_html(as_text(text) if place == "value in a mail" else text) for text in some]
            if place == "message":
                page.set_content("".join(f"<div>{html}</div>" for html in made))
            else:
                values = {"lines": [{"html": html, "url": ""} for html in made], "tenant": {"display_name": some[0]}}
                page.set_content(render_to_string("notifications/email.html", values))
            tags = set(page.evaluate("[...new Set([...document.body.querySelectorAll('*')].map((e) => e.localName))]"))
            assert tags <= TAGS | {"div"}
            assert harm(page) == []
    page.close()
    assert wrong == []


@pytest.fixture(scope="module")
def poisoned(installation: tuple[str, dict[str, str]], tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """A tenant whose every word is hostile; return the keys of its conversations, one for each kind of speaker."""
    _url, env = installation
    if not env:
        pytest.skip("CHARLA_BROWSER_SITE names an installation that is not ours to fill")
    listed = tmp_path_factory.mktemp("corpus") / "texts.json"
    listed.write_text(json.dumps([text[:9_000] for text in corpus(every=EVERY)]))
    command = [sys.executable, "-m", "tests.browser.poison", "poisoned", str(listed)]
    done = subprocess.run(command, env=env, cwd=ROOT, check=False, timeout=500, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-3_000:]
    print(done.stdout)  # noqa: T201
    return re.findall(r"^conversation: (\d+)$", done.stdout, re.MULTILINE)


def show_poisoned(page: Page, site: str) -> None:
    """Let the operator's browser show the poisoned tenant."""
    page.goto(f"{site}/admin/")
    shown = page.locator("select[name=tenant]")
    values = shown.locator("option").evaluate_all("(all) => all.map((option) => option.value)")
    (other,) = [value for value in values if value != shown.input_value()]
    with page.expect_navigation():
        shown.select_option(other)


@pytest.mark.datasets
def test_no_conversation_in_the_administration_runs_what_was_said(
    boss: VisitorFactory, site: str, poisoned: list[str]
) -> None:
    page = boss("en").page
    page.add_init_script(TRAP)
    show_poisoned(page, site)
    seen = 0
    with watched(page, {urlsplit(site).netloc}) as wrong:
        for chat in poisoned:
            address: str | None = f"{site}/admin/chats/chatmodel/{chat}/change/"
            while address:
                page.goto(address)
                seen += page.locator(".ch-bubble").count()
                assert harm(page) == [], address
                earlier = page.locator(".ch-more a[href*=before]")
                href = earlier.get_attribute("href") if earlier.count() else None
                address = f"{site}/admin/chats/chatmodel/{chat}/change/{href}" if href else None
    assert wrong == []
    assert seen == 4 * len(corpus(every=EVERY))


@pytest.mark.datasets
@pytest.mark.parametrize("kind", ["chats/chatmodel", "chats/contact", "agents/agentmodel"])
def test_no_list_runs_the_names_in_it(boss: VisitorFactory, site: str, poisoned: list[str], kind: str) -> None:
    page = boss("en").page
    page.add_init_script(TRAP)
    show_poisoned(page, site)
    wanted = {" ".join(text[: LONGEST - 1].split()) for text in corpus(every=EVERY)}  # longer names are cut
    seen = ""
    with watched(page, {urlsplit(site).netloc}) as wrong:
        for number in range(1, min(len(wanted) + DEMO, COUNT_AT_MOST) // PER_PAGE + 1):
            page.goto(f"{site}/admin/{kind}/?p={number}")
            seen += " ".join((page.locator("#result_list").text_content() or "").split())
            assert harm(page) == [], number
    assert wrong == []
    # Of more texts than a list counts, many begin with the same letters.
    assert sum(text in seen for text in wanted) > 0.7 * min(len(wanted), COUNT_AT_MOST), "they were there, as text"


@pytest.mark.datasets
def test_no_page_of_the_administration_runs_what_stands_in_its_rows(
    boss: VisitorFactory, site: str, poisoned: list[str]
) -> None:
    person = boss("es")
    page = person.page
    page.add_init_script(TRAP)
    show_poisoned(page, site)
    links = page.evaluate(
        "[...new Set([...document.querySelectorAll('nav a, aside a, #nav-sidebar a')].map((a) => a.href))]"
    )
    lists = [link for link in links if re.search(r"/admin/\w+/\w+/$", link)]
    assert len(lists) > 15
    visited = 0
    with watched(page, {urlsplit(site).netloc}) as wrong:
        for address in [f"{site}/admin/", *lists]:
            page.goto(address)
            assert harm(page) == [], address
            rows = page.evaluate(
                "[...document.querySelectorAll('#result_list th a, #result_list td a')].map((a) => a.href)"
            )
            for row in [row for row in dict.fromkeys(rows) if row.startswith(address)][:1]:
                for part in (row, row.replace("/change/", "/history/")):
                    page.goto(part)
                    assert harm(page) == [], part
                    visited += 1
    assert wrong == []
    assert visited > 20
