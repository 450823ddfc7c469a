"""Every socket route with a neighbour's ids, and every frame with them: nothing of the neighbour's is heard."""

import asyncio
import json
from collections.abc import Iterator
from typing import Any

import pytest
from django.urls import URLPattern

from chats import consumers
from config.routing import websockets
from tests.probes.operations import PLACE
from tests.probes.report import REPORT
from tests.probes.world import World, rolled_back
from tests.support.websocket import WebsocketCommunicator

ROUTES: list[URLPattern] = [route for route in websockets.routes if getattr(route.pattern, "_route", "")]
REFUSALS = {4401, 4403, 4404}
KEYS = ("chat_id", "message_id", "in_response_to", "client_message_id", "content", "tenant", "tenant_id", "contact_id",
        "after_sequence", "sequence", "sender", "author", "group", "name", "from", "ticket")  # fmt: skip


def address(route: URLPattern, value: str) -> str:
    """Return a route's path with a value at each place."""
    text = PLACE.sub(value, "".join(str(route.pattern)).replace("<uuid:", "{").replace("<", "{").replace(">", "}"))
    return f"/{text}"


def protocols(world: World, caller: str) -> list[str]:
    """Return what a caller proves itself by at a socket."""
    heads = getattr(world.callers[caller], "_credentials", {})
    secret = heads.get("HTTP_AUTHORIZATION", " ").split(" ")[-1]
    tenant = [f"tenant.{heads['HTTP_X_TENANT']}"] if "HTTP_X_TENANT" in heads else []
    return ["charla.v1", *([f"bearer.{secret}"] if secret else []), *tenant]


async def heard(
    path: str, offered: list[str], frames: list[dict[str, Any]], patience: float = 0.1
) -> tuple[int | None, str]:
    """Dial, say everything, and return the code of the close, if there was one, and all that was said back.

    It hears until nothing was said for `patience` seconds; after frames, until all of them have been acted on.
    """
    communicator = WebsocketCommunicator(websockets, path, offered)
    await communicator.connect()
    first = await communicator.receive_output(timeout=20)
    said, code = [str(first.get("text", ""))], first.get("code")
    sent = [*frames, {"type": "ping"}] if frames and code is None else []
    for frame in sent:
        await communicator.send_to(text_data=json.dumps(frame))
    while code is None and not (
        await communicator.receive_nothing(timeout=20 if sent and '"pong"' not in said[-1] else patience)
    ):
        output = await communicator.receive_output(timeout=5)
        code = output.get("code") if output["type"] == "websocket.close" else None
        said.append(str(output.get("text", "")))
    await communicator.disconnect()
    return code, "".join(said)


def neighbours(world: World, route: URLPattern) -> list[str]:
    """Return the neighbour's UUIDs for a route with places, else one empty value."""
    named = [name for name in world.theirs.identifiers() if len(name) == 36 and name.count("-") == 4]
    return named if "<" in str(route.pattern) else [""]


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: str(route.pattern))
def test_no_caller_is_let_in_at_a_neighbours_id(world: World, route: URLPattern) -> None:
    async def probe() -> list[str]:
        wrong = []
        for caller in (name for name in world.callers if "session" not in name):
            for value in neighbours(world, route) if caller in {"owner", "visitor"} else neighbours(world, route)[:3]:
                code, said = await heard(address(route, value), protocols(world, caller), [], 20 if value else 0.1)
                is_in = bool(value) and code not in REFUSALS
                is_told = any(one in said for one in world.secrets_from(caller))
                REPORT.probe(f"{caller}'s socket", "leaks" if is_in or is_told else "refused" if value else "own data")
                if is_in or is_told:
                    wrong.append(f"{caller} at {value}: {code} {said[:200]}")
        return wrong

    assert asyncio.run(probe()) == []


def frames(world: World) -> Iterator[dict[str, Any]]:
    """Yield every type of frame with the neighbour's ids under every name."""
    named = world.theirs.identifiers()
    for kind in (*consumers.HANDLERS, "chat_message", "chat.join"):
        for value in [*named[:3], *named[3::12]]:
            yield dict.fromkeys(KEYS, value) | {"type": kind}
            yield dict.fromkeys(KEYS, int(value) if value.isdecimal() else [value]) | {"type": kind, "content": "Hello"}


@pytest.mark.parametrize("caller", ["visitor", "owner", "key"])
def test_frames_with_a_neighbours_ids_reach_nobody_there(world: World, caller: str) -> None:
    path = f"/ws/chats/{world.visitor.chat.chat_id}/"
    sent = list(frames(world))

    async def probe() -> str:
        said = []
        for _frame in sent:
            REPORT.probe(f"{caller}'s frames", "own data")
        for at in range(0, len(sent), 8):
            said.append((await heard(path, protocols(world, caller), sent[at : at + 8]))[1])
        return "".join(said)

    said = asyncio.run(probe())
    assert said
    for frame in sent:
        for value in filter(lambda one: isinstance(one, str) and len(one) > 8, frame.values()):
            said = said.replace(value, "")
    assert [secret for secret in world.secrets_from(caller) if secret in said] == []
    with rolled_back():
        assert world.fingerprint(caller) == world.before[caller]
