"""What is written down of each socket: errors that nothing caught, and refusals."""

from collections.abc import Awaitable, Callable
from typing import Any, Final

from asgiref.sync import sync_to_async

from audit.services.faults import fault_of, record_fault
from audit.trails import log_security
from tenants.client_address import socket_address

Message = dict[str, Any]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[..., Awaitable[None]]
REFUSED: Final = range(4400, 4500)


class WatchedSockets:
    """An ASGI application for sockets that writes an unhandled error to the error log, and a refusal to the trail."""

    def __init__(self, application: Application) -> None:
        self.application = application

    async def __call__(self, scope: Message, receive: Callable[[], Awaitable[Message]], send: Send) -> None:
        """Serve one socket."""

        async def watched(message: Message) -> None:
            if message["type"] == "websocket.close" and message.get("code") in REFUSED:
                log_security("socket_closed", address=socket_address(scope), code=message["code"], route=_route(scope))
            await send(message)

        try:
            await self.application(scope, receive, watched)
        except Exception as error:
            fault = fault_of(error, request_data={"route": _route(scope), "method": "SOCKET"})
            await sync_to_async(record_fault, thread_sensitive=False)(fault)
            raise


def _route(scope: Message) -> str:
    """Return the address without the ids in it: the first two parts."""
    return "/".join(str(scope.get("path", "")).split("/")[:3])
