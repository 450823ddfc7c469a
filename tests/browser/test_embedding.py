"""The one line on somebody else's page: its attributes, its identity, and pages that may not have it."""

import re
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any, Final

import pytest
from playwright.sync_api import Page, Request, expect

from tests.browser.visitor import Visitor, VisitorFactory

PAGE: Final = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>A shop</title>
<meta http-equiv="Content-Security-Policy"
 content="default-src 'none'; script-src {site}; connect-src {site} {socket}; require-trusted-types-for 'script'">
</head><body><h1>A shop</h1>
<script src="{site}/static/chats/widget.js" data-key="{key}" async></script></body></html>"""

FRAME: Final = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>A shop</title>
<link rel="icon" href="data:,"></head><body><iframe src="{address}" title="A frame"></iframe></body></html>"""


class Quiet(SimpleHTTPRequestHandler):
    """A file server that writes no log."""

    def log_message(self, *arguments: object) -> None:
        """Say nothing."""


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[tuple[Path, str]]:
    """A folder, and the address of another site that serves it."""
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(tmp_path))) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield tmp_path, f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def key_of_demo(person: Visitor) -> str:
    page = person.context.request.get(f"{person.site}/demo/").text()
    found = re.search(r"pk_[\w-]+", page)
    assert found
    return found[0]


def said_of(request: Request) -> Any:
    """What a session's request says of the visitor."""
    return (request.post_data_json or {}).get("user")


def embed(page: Page, attributes: dict[str, str]) -> None:
    """Put the widget's line on a page of ours, with other attributes."""
    page.evaluate(
        """(attributes) => { document.querySelector("charla-widget").remove();
        const widget = document.createElement("charla-widget");
        Object.assign(widget.dataset, attributes);
        document.body.append(widget); }""",
        attributes,
    )


def test_a_page_that_the_tenant_did_not_allow_is_told_so(visitor: VisitorFactory, shop: tuple[Path, str]) -> None:
    person = visitor("en")
    folder, address = shop
    socket = person.site.replace("http", "ws", 1)
    (folder / "index.html").write_text(PAGE.format(site=person.site, socket=socket, key=key_of_demo(person)))
    person.page.goto(address)
    person.button("open").click()
    expect(person.widget.locator(".notice")).to_contain_text("This chat is not enabled for this page")
    person.ask("Hello")
    expect(person.widget.locator(".failed")).to_contain_text("Not sent.")
    person.assert_nothing_to_complain(but=r"\b403\b")


@pytest.mark.parametrize("path", ["/", "/demo/", "/admin/login/", "/api/docs/", "/api/v1/chats/", "/nothing/"])
def test_nothing_of_ours_stands_in_a_frame_of_another_page(
    visitor: VisitorFactory, shop: tuple[Path, str], path: str
) -> None:
    person = visitor("en")
    folder, address = shop
    (folder / "index.html").write_text(FRAME.format(address=f"{person.site}{path}"))
    with person.page.expect_console_message(lambda said: "frame" in said.text.lower()):
        person.page.goto(address)
    (frame,) = person.page.main_frame.child_frames
    assert frame.url.startswith("chrome-error:")
    assert "Charla" not in frame.content()


def test_attributes_give_title_side_and_language(visitor: VisitorFactory) -> None:
    person = visitor("en").visit("/demo/")
    expect(person.button("open")).to_be_visible()
    embed(person.page, {"key": key_of_demo(person), "title": "Ayuda", "position": "left", "locale": "es-CO"})
    person.page.get_by_role("button", name="Abrir el chat").click()
    dialog = person.page.get_by_role("dialog", name="Ayuda")
    box = dialog.bounding_box()
    assert box is not None
    assert box["x"] < 100
    expect(dialog.get_by_role("textbox", name="Escribir un mensaje")).to_be_visible()


def test_a_widget_without_a_key_says_what_is_missing(visitor: VisitorFactory) -> None:
    person = visitor("en").visit("/demo/")
    expect(person.button("open")).to_be_visible()
    embed(person.page, {})
    person.button("open").click()
    expect(person.widget.locator(".notice")).to_contain_text("data-key")


def test_set_user_goes_to_the_server_with_its_hash(visitor: VisitorFactory) -> None:
    person = visitor("en").visit("/demo/")
    user = {"identifier": "customer-17", "name": "Ada", "identifier_hash": "0" * 64}
    person.button("open").click()
    person.page.evaluate("(user) => Charla.setUser(user)", user)
    with person.page.expect_request("**/api/v1/widget/sessions/") as started:
        person.ask("Hello")
    assert said_of(started.value) == user
    person.answer(1)
    with person.page.expect_request("**/api/v1/widget/sessions/") as changed:
        person.page.evaluate("Charla.setUser({identifier: 'customer-18', name: 'Bob', identifier_hash: ''})")
        person.ask("Hello")
    assert said_of(changed.value)["identifier"] == "customer-18"
    person.answer(1)
    expect(person.mine).to_have_text(["Hello"])


def test_the_chat_follows_the_visitor_from_page_to_page(visitor: VisitorFactory) -> None:
    person = visitor("es").visit("/")
    text = person.ask_and_wait("¿Cuál es el horario de atención?")
    person.visit("/demo/")
    person.button("open").click()
    assert person.answer(1) == text
