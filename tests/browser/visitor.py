"""A visitor of the page in Chromium: what a person does there, and what they should never see."""

import re
from collections.abc import Callable
from typing import Any, Final

from playwright.sync_api import BrowserContext, Locator, Page, WebSocketRoute, expect

ANSWER_MS: Final = 20_000  # an answer's time, with the machine's two cores under load
OPENING_HOURS: Final = {"es": "¿Cuál es el horario de atención?", "en": "What are your opening hours?"}
WORDS: Final = {
    "es": {
        "field": "Escribir un mensaje", "human": "Hablar con una persona", "rate": "Valorar", "send": "Enviar",
        "new": "Conversación nueva", "sources": re.compile(r"^Fuentes \(\d+\)$"), "open": "Abrir el chat",
        "close": "Cerrar el chat", "log": "Conversación", "language": "Switch to English",
    },
    "en": {
        "field": "Write your message", "human": "Talk to a person", "rate": "Rate", "send": "Send",
        "new": "New conversation", "sources": re.compile(r"^Sources \(\d+\)$"), "open": "Open chat",
        "close": "Close chat", "log": "Conversation", "language": "Cambiar a español",
    },
}  # fmt: skip
WATCH_POLICY: Final = """
window.__violations = [];
addEventListener("securitypolicyviolation", ({ violatedDirective, blockedURI }) => {
  window.__violations.push(`${violatedDirective} ${blockedURI}`);
});
"""


class Visitor:
    """One browser context with one page; collects what the console and the content policy complain of."""

    def __init__(self, context: BrowserContext, site: str, lang: str = "es") -> None:
        self.context = context
        self.site = site
        self.lang = lang
        self.words: dict[str, Any] = WORDS[lang]
        self.complaints: list[str] = []
        self.sockets: list[WebSocketRoute] = []
        self.refuse_sockets = False
        context.add_init_script(WATCH_POLICY)
        self.page = self.new_page()

    def new_page(self) -> Page:
        page = self.context.new_page()
        page.on("console", lambda message: self._heard(message.type, message.text))
        page.on("pageerror", lambda error: self.complaints.append(f"uncaught: {error.stack or error}"))
        return page

    def _heard(self, kind: str, text: str) -> None:
        if kind in {"error", "warning"}:
            self.complaints.append(f"{kind}: {text}")

    def visit(self, path: str = "/") -> "Visitor":
        self.page.goto(f"{self.site}{path}?lang={self.lang}")
        return self

    def assert_nothing_to_complain(self, *, but: str = "$^") -> None:
        """No console error or warning (except those that match `but`) and no breach of the content policy."""
        violations = self.page.evaluate("window.__violations")
        left = [text for text in self.complaints if not re.search(but, text)]
        assert not violations, violations
        assert not left, left

    def let_sockets_be_cut(self, which: str = "/ws/chats/") -> None:
        """Route the page's sockets through the test, so that `cut_sockets` can end them; call before `visit`.

        While `refuse_sockets` is set, none that is opened gets through.
        """

        def through(route: WebSocketRoute) -> None:
            if self.refuse_sockets:
                route.close(code=1012)
                return
            route.connect_to_server()
            self.sockets.append(route)

        self.page.route_web_socket(re.compile(which), through)

    def wait_for_socket(self) -> None:
        """Wait until one is open: what is answered before it is comes whole, and not in pieces."""
        for _attempt in range(400):
            if self.sockets:
                return
            self.page.wait_for_timeout(50)
        raise AssertionError("no socket was opened")

    def cut_sockets(self) -> None:
        for socket in self.sockets:
            socket.close(code=1012)
        self.sockets.clear()

    # what they see

    @property
    def widget(self) -> Locator:
        return self.page.locator("charla-widget")

    @property
    def field(self) -> Locator:
        return self.page.get_by_role("textbox", name=self.words["field"])

    @property
    def log(self) -> Locator:
        return self.page.get_by_role("log", name=self.words["log"])

    @property
    def mine(self) -> Locator:
        return self.widget.locator(".log > .mine .bubble")

    @property
    def answers(self) -> Locator:
        """Stored answers (a reply that is being written is not one yet)."""
        return self.widget.locator(".log > .item:not(.mine):not(.streaming):has(time) .bubble")

    def button(self, word: str) -> Locator:
        return self.page.get_by_role("button", name=self.words[word], exact=True)

    def sources(self) -> Locator:
        return self.widget.locator("summary").filter(has_text=self.words["sources"])

    # what they do

    def ask(self, text: str) -> None:
        self.field.fill(text)
        self.field.press("Enter")

    def ask_and_wait(self, text: str) -> str:
        """Ask and return the answer's text once it is stored."""
        before = self.answers.count()
        self.ask(text)
        return self.answer(before + 1)

    def answer(self, number: int) -> str:
        expect(self.answers).to_have_count(number, timeout=ANSWER_MS)
        return self.answers.nth(number - 1).inner_text()


VisitorFactory = Callable[..., Visitor]
