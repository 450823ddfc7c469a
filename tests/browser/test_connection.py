"""Nothing is lost and nothing doubled, whatever happens to the connection, the token or the chat."""

import json
import re

from playwright.sync_api import Page, Route, WebSocketRoute, expect

from tests.browser.visitor import ANSWER_MS, OPENING_HOURS, VisitorFactory

SOCKETS = re.compile(r"/ws/chats/")
MESSAGES = re.compile(r"/api/v1/chats/[^/]+/messages/$")
SESSIONS = "**/api/v1/widget/sessions/"
CUT = "WebSocket connection to|ERR_INTERNET_DISCONNECTED|Failed to load resource"


def refuse_once(page: Page, url: str | re.Pattern[str], status: int, code: str, retry_after: str = "") -> None:
    """Answer the first POST to `url` with an error of the API; all later ones go through."""
    body = {"type": "client_error", "errors": [{"code": code, "detail": f"({code})", "attr": None}]}
    headers = {"Retry-After": retry_after} if retry_after else {}
    done: list[bool] = []

    def handle(route: Route) -> None:
        if done or route.request.method != "POST":
            route.continue_()
            return
        done.append(True)
        route.fulfill(status=status, json=body, headers=headers)

    page.route(url, handle)


def block_sockets(page: Page) -> None:
    page.route_web_socket(SOCKETS, lambda socket: socket.close(code=1011))


def test_what_is_written_offline_is_sent_once_when_the_network_is_back(visitor: VisitorFactory) -> None:
    person = visitor("en")
    person.let_sockets_be_cut()
    person.visit()
    person.ask_and_wait("Hello")
    person.context.set_offline(offline=True)
    person.cut_sockets()
    expect(person.widget.locator(".notice")).to_contain_text("You are offline")
    person.ask(OPENING_HOURS["en"])
    expect(person.widget.locator(".log > .mine").last).to_contain_text("Waiting to be sent")
    person.context.set_offline(offline=False)
    person.answer(2)
    expect(person.mine).to_have_text(["Hello", OPENING_HOURS["en"]])
    expect(person.widget.locator(".notice")).to_be_hidden()
    person.assert_nothing_to_complain(but=CUT)


def test_a_socket_cut_while_the_answer_streams_ends_in_one_whole_answer(visitor: VisitorFactory) -> None:
    person = visitor("es")
    person.let_sockets_be_cut()
    person.visit()
    person.ask_and_wait("Hola")
    person.wait_for_socket()
    person.page.evaluate("void Charla.on('reply', () => { document.documentElement.dataset.streaming = true; })")
    person.ask(OPENING_HOURS["es"])
    expect(person.page.locator("html[data-streaming]")).to_have_count(1, timeout=ANSWER_MS)
    person.cut_sockets()
    text = person.answer(2)
    person.page.reload()
    assert person.answer(2) == text
    expect(person.widget.locator(".streaming")).to_have_count(0)


def test_answers_arrive_without_any_socket(visitor: VisitorFactory) -> None:
    person = visitor("en")
    block_sockets(person.page)
    person.visit()
    assert person.ask_and_wait(OPENING_HOURS["en"])
    person.ask_and_wait("Thank you")
    expect(person.mine).to_have_count(2)


def test_a_lost_acknowledgement_does_not_double_the_message(visitor: VisitorFactory) -> None:
    person = visitor("en")

    def swallow_acknowledgements(socket: WebSocketRoute) -> None:
        server = socket.connect_to_server()

        def back(text: str | bytes) -> None:
            frame = json.loads(text)
            own = frame["type"] == "message.created" and frame["message"]["sender"] == "user"
            if frame["type"] != "message.ack" and not own:
                socket.send(text)

        server.on_message(back)

    person.page.route_web_socket(SOCKETS, swallow_acknowledgements)
    person.visit()
    person.ask_and_wait("Hello")
    with person.page.expect_response(MESSAGES, timeout=ANSWER_MS) as repeated:
        person.ask(OPENING_HOURS["en"])
    assert repeated.value.status == 200, "the first one was already stored: it is given back"
    person.answer(2)
    expect(person.mine).to_have_text(["Hello", OPENING_HOURS["en"]])
    person.page.reload()
    person.answer(2)
    expect(person.mine).to_have_text(["Hello", OPENING_HOURS["en"]])


def test_a_half_open_socket_is_noticed_and_replaced(visitor: VisitorFactory) -> None:
    person = visitor("en")
    opened: list[WebSocketRoute] = []

    def mute_the_first(socket: WebSocketRoute) -> None:
        opened.append(socket)
        server = socket.connect_to_server()
        first = len(opened) == 1
        socket.on_message(lambda text: None if first and '"ping"' in str(text) else server.send(text))

    person.page.route_web_socket(SOCKETS, mute_the_first)
    person.page.clock.install()
    person.visit()
    person.ask_and_wait("Hello")
    person.page.wait_for_timeout(500)
    person.page.clock.run_for(30_000)
    person.ask_and_wait(OPENING_HOURS["en"])
    assert len(opened) >= 2


def test_an_expired_token_gives_a_new_session_without_a_word(visitor: VisitorFactory) -> None:
    person = visitor("en")
    person.let_sockets_be_cut()
    person.visit()
    person.ask_and_wait("Hello")
    person.page.evaluate(
        """() => { const name = Object.keys(localStorage).find((key) => key.startsWith("charla:"));
        localStorage.setItem(name, JSON.stringify({...JSON.parse(localStorage[name]), token: "no-longer-good"})); }"""
    )
    person.cut_sockets()
    person.ask(OPENING_HOURS["en"])
    person.answer(2)
    expect(person.mine).to_have_text(["Hello", OPENING_HOURS["en"]])
    expect(person.widget.locator(".failed")).to_have_count(0)


def test_a_closed_chat_is_followed_by_a_new_one(visitor: VisitorFactory) -> None:
    person = visitor("es")
    block_sockets(person.page)
    person.visit()
    person.ask_and_wait("Hola")
    refuse_once(person.page, MESSAGES, 409, "chat_closed")
    with person.page.expect_response(re.compile(r"/api/v1/chats/$")) as made:
        person.ask(OPENING_HOURS["es"])
    assert made.value.status == 201
    person.answer(2)
    expect(person.mine).to_have_text(["Hola", OPENING_HOURS["es"]])


def test_too_fast_says_so_waits_and_sends(visitor: VisitorFactory) -> None:
    person = visitor("en")
    refuse_once(person.page, SESSIONS, 429, "rate_limited", retry_after="2")
    person.visit().ask("Hello")
    expect(person.widget.locator(".notice")).to_contain_text("That was a lot at once. We will send it again in")
    person.answer(1)
    expect(person.mine).to_have_text(["Hello"])
    expect(person.widget.locator(".notice")).to_be_hidden()


def test_maintenance_says_so_waits_and_sends(visitor: VisitorFactory) -> None:
    person = visitor("es")
    refuse_once(person.page, SESSIONS, 503, "maintenance", retry_after="2")
    person.visit().ask("Hola")
    expect(person.widget.locator(".notice")).to_contain_text("Estamos en mantenimiento")
    person.answer(1)
    expect(person.mine).to_have_text(["Hola"])


def test_a_refused_message_can_be_tried_again(visitor: VisitorFactory) -> None:
    person = visitor("en")
    block_sockets(person.page)
    refuse_once(person.page, MESSAGES, 400, "invalid")
    person.visit().ask("Hello")
    expect(person.widget.locator(".failed")).to_contain_text("Not sent. (invalid)")
    person.page.get_by_role("button", name="Try again").click()
    person.answer(1)
    expect(person.mine).to_have_text(["Hello"])


def test_it_works_where_the_browser_keeps_nothing(visitor: VisitorFactory) -> None:
    person = visitor("en")
    person.page.add_init_script(
        "Object.defineProperty(window, 'localStorage', {get() { throw new DOMException('no', 'SecurityError'); }})"
    )
    person.visit()
    person.ask_and_wait("Hello")
    person.ask_and_wait(OPENING_HOURS["en"])
    expect(person.mine).to_have_count(2)
