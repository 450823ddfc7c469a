"""The socket of a tenant's staff: chats as they change, and the person's own notifications (api.md, `/ws/inbox/`)."""

import asyncio
import json
from typing import Any

from channels.generic.websocket import AsyncWebsocketConsumer
from django.utils import timezone
from django.utils.translation import gettext as _

from audit.trails import log_access
from chats.realtime import audience, heartbeat, standing
from chats.realtime.admission import TOO_FAST, UNKNOWN_CALLER, RefusedError, admit_staff
from chats.realtime.frame_pace import FramePace
from chats.realtime.frames import BadFrameError, error_frame, parse_frame
from chats.realtime.work_threads import in_thread
from notifications.realtime import inbox_group, person_group
from tenants.access import Reach
from tenants.callers import Caller
from tenants.client_address import socket_address
from tenants.limits import open_sockets


class InboxConsumer(AsyncWebsocketConsumer):
    """One open inbox. What it may have missed is asked for by REST: `ready` says that it hears from now on."""

    charla_reach = Reach.CALLERS
    channel_layer_alias = "none: see audience"
    caller: Caller
    pace: FramePace
    groups_joined: tuple[str, ...] = ()
    expiry: asyncio.TimerHandle | None = None

    async def connect(self) -> None:
        """Let a member of the staff in, or close with 44xx (decision 30)."""
        offered = self.scope.get("subprotocols", [])
        await self.accept("charla.v1" if "charla.v1" in offered else None)
        try:
            self.caller = await in_thread(admit_staff, self.scope)
        except RefusedError as refused:
            await self.close(refused.code, refused.reason)
            return
        log_access("socket_opened", caller=self.caller, address=socket_address(self.scope), route="ws/inbox")
        self.pace = FramePace()
        await self._join()
        self._close_at_expiry()
        heartbeat.watch(self)
        standing.watch(self, self.caller)
        await self._send({"type": "ready"})

    async def _join(self) -> None:
        tenant_id = str(self.caller.tenant_id)
        groups = [inbox_group(tenant_id)]
        if self.caller.user is not None:
            groups.append(person_group(tenant_id, self.caller.user.pk))
        for group in groups:
            await audience.join(group, self)
            self.groups_joined = (*self.groups_joined, group)

    def _close_at_expiry(self) -> None:
        if self.caller.expires_at is not None:
            seconds = max(0.0, (self.caller.expires_at - timezone.now()).total_seconds())
            close = self.close
            self.expiry = asyncio.get_running_loop().call_later(
                seconds, lambda: asyncio.ensure_future(close(UNKNOWN_CALLER))
            )

    async def disconnect(self, code: int) -> None:
        """Leave the groups."""
        heartbeat.unwatch(self)
        standing.unwatch(self)
        if self.expiry is not None:
            self.expiry.cancel()
        for group in self.groups_joined:
            await audience.leave(group, self)
        if hasattr(self, "caller"):
            await in_thread(open_sockets.leave, self.caller)

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        """Answer a ping; everything else is an error, and the socket stays open unless there is no end of it."""
        if not hasattr(self, "pace"):
            return
        try:
            kind = parse_frame(text_data)["type"]
            if not self.pace.allows(kind):
                raise BadFrameError("rate_limited", _("Too many frames. Wait a moment."))
            if kind != "ping":
                raise BadFrameError("invalid", _("The inbox takes no other frame than ping."))
            await self._send({"type": "pong"})
        except BadFrameError as bad:
            await self._send(error_frame(bad.code, bad.detail))
            if self.pace.is_exhausted:
                await self.close(TOO_FAST)

    async def chat_message(self, event: dict[str, Any]) -> None:
        """Forward a frame of one of the groups."""
        await super().send(text_data=event["text"])

    async def catch_up(self) -> None:
        """Say that frames were left out, or may have been lost: who hears it asks by REST."""
        await self._send({"type": "resync"})

    async def _send(self, frame: dict[str, Any]) -> None:
        await super().send(text_data=json.dumps(frame))
