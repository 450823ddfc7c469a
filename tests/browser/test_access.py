"""For everybody: keyboard, screen reader, contrast, both themes, phones."""

import pytest
from playwright.sync_api import expect

from tests.browser.readability import assert_readable
from tests.browser.visitor import OPENING_HOURS, VisitorFactory

PHONE = {"viewport": {"width": 375, "height": 667}, "has_touch": True, "is_mobile": True, "device_scale_factor": 2}


def test_the_launcher_is_used_by_keyboard_alone(visitor: VisitorFactory) -> None:
    person = visitor("en").visit("/demo/")
    keyboard = person.page.keyboard
    expect(person.button("open")).to_be_visible()
    for _ in range(10):
        keyboard.press("Tab")
        if person.page.evaluate("document.activeElement.shadowRoot?.activeElement?.className") == "launcher":
            break
    keyboard.press("Enter")
    expect(person.page.get_by_role("dialog")).to_be_visible()
    expect(person.field).to_be_focused()
    keyboard.type(OPENING_HOURS["en"])
    keyboard.press("Shift+Enter")
    keyboard.type("Thank you")
    keyboard.press("Enter")
    person.answer(1)
    expect(person.mine).to_have_text(f"{OPENING_HOURS['en']}\nThank you")
    for _ in range(10):
        keyboard.press("Shift+Tab")
        if person.page.evaluate("document.activeElement.shadowRoot?.activeElement?.tagName") == "SUMMARY":
            break
    keyboard.press("Enter")
    expect(person.widget.locator(".sources li").first).to_be_visible()
    keyboard.press("Escape")
    expect(person.page.get_by_role("dialog")).to_be_hidden()
    expect(person.button("open")).to_be_focused()
    person.assert_nothing_to_complain()


def test_escape_closes_the_rating_before_the_panel(visitor: VisitorFactory) -> None:
    person = visitor("es").visit("/demo/")
    person.button("open").click()
    person.ask_and_wait("Hola")
    person.button("rate").click()
    person.page.keyboard.press("ArrowRight")
    person.page.keyboard.press("Escape")
    expect(person.button("rate")).to_be_focused()
    expect(person.page.get_by_role("dialog")).to_be_visible()


def test_a_screen_reader_finds_dialog_log_and_field(visitor: VisitorFactory) -> None:
    person = visitor("es").visit("/demo/")
    expect(person.button("open")).to_have_attribute("aria-expanded", "false")
    person.button("open").click()
    dialog = person.page.get_by_role("dialog")
    expect(dialog.get_by_role("heading", level=2)).to_be_visible()
    expect(dialog).to_have_accessible_name(dialog.get_by_role("heading", level=2).inner_text())
    expect(person.log).to_have_attribute("aria-live", "polite")
    person.ask_and_wait(OPENING_HOURS["es"])
    expect(person.log).to_have_attribute("aria-busy", "false")
    expect(person.log).to_match_aria_snapshot("- list:\n  - listitem: /Usted/\n  - listitem")
    expect(dialog.get_by_role("button", name="Enviar", exact=True)).to_be_visible()
    assert person.page.evaluate("document.querySelector('charla-widget').lang") == "es"


def test_messages_wait_counted_on_the_launcher_while_the_panel_is_closed(visitor: VisitorFactory) -> None:
    person = visitor("en").visit("/demo/")
    person.button("open").click()
    person.ask_and_wait("Hello")
    person.ask(OPENING_HOURS["en"])
    person.page.keyboard.press("Escape")
    expect(person.page.get_by_role("button", name="Open chat · 1 unread messages")).to_be_visible(timeout=20_000)
    person.page.get_by_role("button", name="Open chat").click()
    person.answer(2)
    person.page.keyboard.press("Escape")
    expect(person.button("open")).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("path", ["/", "/demo/"])
def test_everything_can_be_read(visitor: VisitorFactory, scheme: str, path: str) -> None:
    person = visitor("es", color_scheme=scheme).visit(path)
    if path == "/demo/":
        person.button("open").click()
    assert_readable(person.page)
    person.ask_and_wait(OPENING_HOURS["es"])
    person.sources().click()
    person.button("rate").click()
    assert_readable(person.page)


@pytest.mark.parametrize("colour", ["#facc15", "#111827", "tomato", "#9ca3af"])
def test_any_colour_of_the_customer_stays_readable(visitor: VisitorFactory, colour: str) -> None:
    person = visitor("en").visit("/demo/")
    expect(person.button("open")).to_be_visible()
    person.page.evaluate(
        """(colour) => { const old = document.querySelector("charla-widget");
        const own = document.createElement("charla-widget");
        own.dataset.key = old.dataset.key; own.dataset.color = colour; old.replaceWith(own); }""",
        colour,
    )
    person.button("open").click()
    person.ask_and_wait(OPENING_HOURS["en"])
    assert_readable(person.page)


def test_on_a_phone_the_panel_takes_the_whole_screen(visitor: VisitorFactory) -> None:
    person = visitor("es", **PHONE).visit("/demo/")
    person.button("open").tap()
    box = person.page.get_by_role("dialog").bounding_box()
    assert box is not None
    assert (box["x"], box["y"], box["width"], box["height"]) == (0, 0, 375, 667)
    person.ask_and_wait(OPENING_HOURS["es"])
    assert_readable(person.page)
    person.page.get_by_role("dialog").get_by_role("button", name="Cerrar el chat").tap()
    expect(person.page.get_by_role("dialog")).to_be_hidden()
    person.assert_nothing_to_complain()


@pytest.mark.parametrize("width", [320, 768, 1440])
def test_no_page_scrolls_sideways(visitor: VisitorFactory, width: int) -> None:
    person = visitor("es", viewport={"width": width, "height": 800}).visit()
    person.ask_and_wait("x" * 400)
    scrolls = "document.scrollingElement.scrollWidth > document.documentElement.clientWidth"
    assert not person.page.evaluate(scrolls)
    log = "document.querySelector('charla-widget').shadowRoot.querySelector('.scroll')"
    assert not person.page.evaluate(f"{log}.scrollWidth > {log}.clientWidth")
