"""An open socket misses nothing, whatever happens to the broker between (decision 11)."""

import json
from contextlib import ExitStack
from typing import Any

import pytest
from websockets.sync.client import ClientConnection, connect

from tests.crash.conftest import Installation, Person

pytestmark = [pytest.mark.stack, pytest.mark.xdist_group("crash")]


def dial(installation: Installation, person: Person) -> ClientConnection:
    """Open the person's socket."""
    token = person.client.headers["Authorization"].removeprefix("Bearer ")
    url = f"{installation.stack.ws_url}/ws/chats/{person.chat_id}/"
    return connect(url, subprotocols=["charla.v1", f"bearer.{token}"])  # type: ignore[list-item]


def heard_until(socket: ClientConnection, count: int) -> list[dict[str, Any]]:
    """Return the first `count` stored messages that the socket shows."""
    found: list[dict[str, Any]] = []
    while len(found) < count:
        frame = json.loads(socket.recv(timeout=20))
        if frame["type"] == "message.created":
            found.append(frame["message"])
    return found


def test_what_was_said_while_the_broker_was_away_arrives_when_it_is_back(
    installation: Installation, person: Person
) -> None:
    with dial(installation, person) as socket:
        assert json.loads(socket.recv(timeout=5))["type"] == "ready"
        with installation.without_broker():
            assert person.say("What are your opening hours?", "c1").status_code == 201
        heard = heard_until(socket, 2)
    assert [(message["sequence"], message["sender"]) for message in heard] == [(1, "user"), (2, "agent")]


def test_an_open_socket_shows_the_answer_while_the_broker_is_away(installation: Installation, person: Person) -> None:
    with dial(installation, person) as socket:
        assert json.loads(socket.recv(timeout=5))["type"] == "ready"
        with installation.without_broker():
            socket.send(json.dumps({"type": "typing", "is_typing": True}))
            socket.send(
                json.dumps({"type": "message.send", "client_message_id": "c1", "content": "Where is the shop?"})
            )
            heard = heard_until(socket, 2)
    assert [message["sender"] for message in heard] == ["user", "agent"]


def test_who_dials_while_the_broker_is_away_is_served_and_hears_live_afterwards(
    installation: Installation, person: Person
) -> None:
    with ExitStack() as open_one:
        with installation.without_broker():
            socket = open_one.enter_context(dial(installation, person))
            assert json.loads(socket.recv(timeout=5))["type"] == "ready"
            assert person.say("Where is the shop?", "c1").status_code == 201
            assert [message["sender"] for message in heard_until(socket, 2)] == ["user", "agent"]
        assert person.say("What are your opening hours?", "c2").status_code == 201
        assert [message["sender"] for message in heard_until(socket, 2)] == ["user", "agent"]
