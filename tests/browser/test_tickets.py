"""What the widget opens its socket with: a ticket for once, and never the visitor's token."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from playwright.sync_api import Route, WebSocketRoute, expect

from tests.browser.visitor import ANSWER_MS, Visitor, VisitorFactory

TICKETS: Final = "**/api/v1/widget/tickets/"
# Opens a socket as a thief would who has read a proxy's log; gives the first frame's type, or the closing code.
OPEN: Final = """([url, protocols]) => new Promise((done) => {
  const socket = new WebSocket(url, protocols);
  socket.onmessage = ({ data }) => { done(JSON.parse(data).type); socket.close(); };
  socket.onclose = ({ code }) => done(code);
})"""


@contextmanager
def handshakes(person: Visitor) -> Iterator[list[tuple[str, str]]]:
    """Collect the address and the subprotocols of every socket that the page opens, as they go over the wire."""
    seen: dict[str, dict[str, Any]] = {}
    found: list[tuple[str, str]] = []
    session = person.context.new_cdp_session(person.page)

    def sent(said: dict[str, Any]) -> None:
        headers = {name.lower(): value for name, value in said["request"]["headers"].items()}
        assert "cookie" not in headers
        found.append((seen[said["requestId"]]["url"], headers.get("sec-websocket-protocol", "")))

    session.on("Network.webSocketCreated", lambda said: seen.update({said["requestId"]: said}))
    session.on("Network.webSocketWillSendHandshakeRequest", sent)
    session.send("Network.enable")
    yield found
    session.detach()


def token_of(person: Visitor) -> str:
    """The token that the page keeps of its visitor."""
    kept = person.page.evaluate("JSON.stringify(Object.values(localStorage).map((value) => JSON.parse(value)))")
    (token,) = [each["token"] for each in json.loads(kept) if "token" in each]
    return str(token)


def test_a_socket_is_opened_with_a_ticket_that_nobody_can_use_again(visitor: VisitorFactory) -> None:
    person = visitor("en")
    with handshakes(person) as opened:
        person.visit()
        person.ask_and_wait("Hello")
        person.page.reload()
        person.answer(1)
        person.ask_and_wait("Thank you")
    token = token_of(person)
    assert len(opened) == 2
    tickets = {protocols.split("bearer.")[1] for _url, protocols in opened}
    assert len(tickets) == 2, "each opening has its own"
    for url, protocols in opened:
        assert token not in url + protocols
        assert "?" not in url
        assert protocols.startswith("charla.v1, bearer.tk_")
        assert person.page.evaluate(OPEN, [url, protocols.split(", ")]) == 4401, "it was used"
    person.assert_nothing_to_complain(but=r"\b503\b")


def test_the_socket_that_comes_back_has_a_ticket_of_its_own(visitor: VisitorFactory) -> None:
    person = visitor("en")
    person.let_sockets_be_cut()
    person.visit()
    person.ask_and_wait("Hello")
    with person.page.expect_response(TICKETS, timeout=ANSWER_MS) as given:
        person.cut_sockets()
    assert given.value.status == 201
    person.ask_and_wait("Thank you")
    person.assert_nothing_to_complain(but=r"WebSocket connection to|\b503\b")  # the front page asks for the health


def test_without_a_ticket_the_conversation_goes_on_by_requests_until_there_is_one(visitor: VisitorFactory) -> None:
    person = visitor("en")
    refused: list[Route] = []
    sockets: list[WebSocketRoute] = []

    def refuse_twice(route: Route) -> None:
        refused.append(route)
        if len(refused) > 2:
            route.continue_()
            return
        error = {"code": "rate_limited", "detail": "", "attr": None}
        route.fulfill(status=503 if len(refused) == 1 else 429, json={"type": "client_error", "errors": [error]})

    def through(route: WebSocketRoute) -> None:
        route.connect_to_server()
        sockets.append(route)

    person.page.route(TICKETS, refuse_twice)
    person.page.route_web_socket("**/ws/chats/**", through)
    person.visit()
    person.ask_and_wait("Hello")
    assert not sockets
    person.page.evaluate("dispatchEvent(new Event('online'))")  # does not wait for its turn
    person.page.wait_for_timeout(300)
    person.page.evaluate("dispatchEvent(new Event('online'))")
    person.ask_and_wait("Thank you")
    assert len(sockets) == 1
    expect(person.mine).to_have_count(2)
    person.assert_nothing_to_complain(but="Failed to load resource")
