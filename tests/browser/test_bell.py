"""The staff's bell: it rings while they look, and leads to who waits; and programs hear of it signed."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Locator, Page, expect
from standardwebhooks.webhooks import Webhook

from notifications.tests.receiver import Heard, Receiver, receiving
from tests.browser.visitor import ANSWER_MS, Visitor, VisitorFactory

ANGRY = {
    "en": "This is terrible! I hate your awful service, worst shop ever, I am furious and disgusted!",
    "es": "¡Es horrible! Odio su pésimo servicio, la peor tienda del mundo, estoy furioso e indignado.",
}
UPSET = {
    "en": "A conversation waits for a person: somebody is upset.",
    "es": "Una conversación espera a una persona: alguien está molesto.",
}
WAITS = {"en": "waiting for a person", "es": "en espera de una persona"}
PHONE = {"viewport": {"width": 375, "height": 667}, "has_touch": True, "is_mobile": True, "device_scale_factor": 2}


class Bell:
    """The bell on a page of the administration."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.button = page.locator(".ch-bell-button")
        self.panel = page.locator("#ch-bell-list")
        self.count = page.locator(".ch-bell-count")
        self.items = page.locator(".ch-bell-item")
        self.says = page.locator(".ch-bell [role=status]")

    def upset(self, lang: str) -> Locator:
        """Return the unread notifications of somebody who is upset."""
        return self.page.locator(".ch-bell-item.ch-unread").filter(has_text=UPSET[lang])

    def empty(self) -> "Bell":
        """Mark all as read, whatever other tests have left."""
        expect(self.panel.locator("[data-unread]")).to_have_count(1)
        if self.count.is_visible():
            self.button.click()
            self.panel.locator("[data-reads] button").click()
            expect(self.count).to_be_hidden()
            self.page.keyboard.press("Escape")
        return self


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """Another system's endpoint."""
    with receiving() as opened:
        yield opened


def complain(visitor: VisitorFactory, lang: str) -> Visitor:
    """Let somebody be angry on the page."""
    person = visitor(lang).visit("/demo/")
    person.button("open").click()
    person.ask(ANGRY[lang])
    return person


def make_webhook(person: Visitor, url: str, *events: str) -> str:
    """Make an endpoint in the administration; return its secret, which is shown once."""
    page = person.page
    page.goto(f"{person.site}/admin/notifications/webhookendpoint/add/")
    page.fill("[name=url]", url)
    for event in events:
        page.check(f"[name=events][value='{event}']")
    page.click("[name=_save]")
    expect(page.get_by_text("whsec_")).to_be_visible()
    return page.get_by_text("whsec_").inner_text()


def heard_of(receiver: Receiver, event_type: str, page: Page, content: str = "") -> Heard:
    """Wait until an event with a content arrived, and return its call: several are sent at the same time."""
    for _attempt in range(100):
        found = [heard for heard in receiver.taken if heard.body["type"] == event_type and content in heard.text]
        if found:
            return found[0]
        page.wait_for_timeout(200)
    raise AssertionError(f"no {event_type} came, only {[heard.body['type'] for heard in receiver.taken]}")


@pytest.mark.parametrize("lang", ["en", "es"])
def test_an_angry_message_makes_the_chat_wait_rings_the_bell_and_sends_a_signed_webhook(
    boss: VisitorFactory, visitor: VisitorFactory, receiver: Receiver, lang: str
) -> None:
    staff = boss(lang)
    secret = make_webhook(staff, receiver.url, "chat.escalated", "message.created")
    staff.page.goto(f"{staff.site}/admin/")
    bell = Bell(staff.page).empty()
    staff.page.evaluate("window.never_reloaded = true")
    complain(visitor, lang)
    expect(bell.upset(lang)).to_have_count(1, timeout=ANSWER_MS)
    assert staff.page.evaluate("window.never_reloaded")
    expect(bell.count).to_be_visible()
    expect(bell.says).not_to_be_empty()
    expect(bell.button).to_have_accessible_name(re.compile(rf": {bell.count.inner_text()} "))
    bell.button.click()
    bell.upset(lang).click()
    staff.page.wait_for_url("**/admin/chats/chatmodel/*/change/")
    expect(staff.page.locator(".ch-badge").first).to_have_text(WAITS[lang])
    expect(staff.page.get_by_text(ANGRY[lang]).last).to_be_visible()
    escalated = heard_of(receiver, "chat.escalated", staff.page)
    assert Webhook(secret).verify(escalated.text, escalated.headers) == escalated.body
    assert escalated.body["data"]["reason"] == "negative_sentiment"
    assert escalated.body["data"]["chat"]["status"] == "waiting"
    said = heard_of(receiver, "message.created", staff.page, '"sender":"user"').body["data"]["message"]
    assert (said["content"], said["chat_id"]) == (ANGRY[lang], escalated.body["data"]["id"])
    staff.assert_nothing_to_complain()


def test_the_bell_is_used_by_keyboard_alone(boss: VisitorFactory, visitor: VisitorFactory) -> None:
    staff = boss("en")
    bell, keyboard = Bell(staff.page).empty(), staff.page.keyboard
    complain(visitor, "en")
    expect(bell.upset("en")).to_have_count(1, timeout=ANSWER_MS)
    bell.button.focus()
    keyboard.press("Enter")
    expect(bell.panel).to_be_visible()
    expect(bell.panel).to_be_focused()
    expect(bell.button).to_have_attribute("aria-expanded", "true")
    keyboard.press("Tab")
    expect(bell.panel.get_by_role("button", name="Mark all as read")).to_be_focused()
    keyboard.press("Enter")
    expect(bell.count).to_be_hidden()
    expect(bell.panel).to_be_visible()
    keyboard.press("Escape")
    expect(bell.panel).to_be_hidden()
    expect(bell.button).to_be_focused()
    expect(bell.button).to_have_accessible_name("Notifications")
    staff.assert_nothing_to_complain()


def test_what_was_missed_while_the_socket_was_away_is_there_when_it_is_back(
    boss: VisitorFactory, visitor: VisitorFactory
) -> None:
    staff = boss("en")
    staff.let_sockets_be_cut("/ws/inbox/")
    staff.page.reload()
    bell = Bell(staff.page).empty()
    staff.refuse_sockets = True
    staff.cut_sockets()
    complain(visitor, "en").answer(1)
    expect(bell.count).to_be_hidden()
    staff.refuse_sockets = False
    expect(bell.upset("en")).to_have_count(1, timeout=ANSWER_MS)
    staff.assert_nothing_to_complain(but="WebSocket connection to")


def test_what_is_read_on_one_page_is_read_on_the_other(boss: VisitorFactory, visitor: VisitorFactory) -> None:
    staff = boss("en")
    here = Bell(staff.page).empty()
    other = staff.new_page()
    other.goto(f"{staff.site}/admin/")
    complain(visitor, "en")
    expect(here.upset("en")).to_have_count(1, timeout=ANSWER_MS)
    expect(Bell(other).upset("en")).to_have_count(1, timeout=ANSWER_MS)
    Bell(other).empty()
    expect(here.count).to_be_hidden()


@pytest.mark.parametrize("options", [{"color_scheme": "light"}, {"color_scheme": "dark"}, PHONE], ids=str)
def test_bell_and_preferences_can_be_read(boss: VisitorFactory, options: dict[str, object]) -> None:
    staff = boss("es", **options)
    bell = Bell(staff.page)
    bell.button.click()
    expect(bell.panel.get_by_role("heading", name="Notificaciones")).to_be_visible()
    box, width = bell.panel.bounding_box(), staff.page.viewport_size
    assert box is not None
    assert width is not None
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= width["width"]
    staff.page.goto(f"{staff.site}/admin/notifications/notification/preferences/")
    staff.page.get_by_role("checkbox", name="Una conversación nueva").check(force=True)
    staff.page.get_by_role("button", name="Guardar").click()
    expect(staff.page.get_by_text("Su elección quedó guardada.")).to_be_visible()
    expect(staff.page.get_by_role("checkbox", name="Una conversación nueva")).to_be_checked()
    staff.assert_nothing_to_complain()
