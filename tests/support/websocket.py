"""A WebSocket client for ASGI applications in the same process (channels' own one wants another server installed)."""

from typing import Any

from asgiref.testing import ApplicationCommunicator


class WebsocketCommunicator(ApplicationCommunicator):
    """Opens a socket at an application, sends and receives."""

    def __init__(self, application: Any, path: str, subprotocols: list[str]) -> None:
        scope = {"type": "websocket", "path": path, "query_string": b"", "headers": [], "subprotocols": subprotocols}
        super().__init__(application, scope)

    async def connect(self) -> str | None:
        """Open the socket; return the subprotocol that was agreed on."""
        await self.send_input({"type": "websocket.connect"})
        answer = await self.receive_output(timeout=5)
        assert answer["type"] == "websocket.accept", answer
        agreed: str | None = answer.get("subprotocol")
        return agreed

    async def send_to(self, *, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        """Send one frame."""
        await self.send_input({"type": "websocket.receive", "text": text_data, "bytes": bytes_data})

    async def receive_from(self, timeout: float = 5) -> str:
        """Return the text of the next frame."""
        answer = await self.receive_output(timeout=timeout)
        assert answer["type"] == "websocket.send", answer
        return str(answer["text"])

    async def disconnect(self) -> None:
        """Leave."""
        await self.send_input({"type": "websocket.disconnect", "code": 1000})
        await self.wait(timeout=5)
