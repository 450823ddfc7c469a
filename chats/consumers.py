"""The socket of one chat: authenticate, join, forward (api.md, "WebSocket")."""

import asyncio
import json
from typing import Any
from uuid import UUID, uuid4

from channels.generic.websocket import AsyncWebsocketConsumer
from channels.layers import get_channel_layer
from django.utils import timezone
from django.utils.translation import gettext as _
from redis.exceptions import RedisError

from audit.trails import log_access
from chats import events
from chats.realtime import audience, heartbeat, standing
from chats.realtime.admission import NO_SUCH_CHAT, TOO_FAST, UNKNOWN_CALLER, Admission, RefusedError, admit
from chats.realtime.frame_pace import FramePace
from chats.realtime.frames import BadFrameError, error_frame, parse_frame, sequence_of
from chats.realtime.history import PAGE, messages_after
from chats.realtime.publish import chat_group
from chats.realtime.use import Use
from chats.realtime.work_threads import in_thread
from chats.services.errors import ChatError
from chats.services.pace import post_paid
from metrics.services import MetricsService
from tenants.access import Reach
from tenants.client_address import socket_address
from tenants.limits import open_sockets

SUBPROTOCOL = "charla.v1"


class ChatConsumer(AsyncWebsocketConsumer):
    """One open socket.

    `sent` is the last sequence that went out here, and everything after `since` up to it did: so each message goes out
    once and in order, whatever the channel layer loses, doubles or mixes up.
    """

    charla_reach = Reach.CALLERS
    channel_layer_alias = "none: see audience"  # its own channel would cost memory and a reading of every frame
    admission: Admission
    name: str
    chat_id: UUID
    since = sent = 0
    order: asyncio.Lock  # the socket's own events and the heartbeat may both want to send what comes next
    pace: FramePace
    use: Use
    joined = False
    expiry: asyncio.TimerHandle | None = None

    async def connect(self) -> None:
        """Let the caller in, or close with 44xx: before accepting it would be an HTTP 403 (decision 30)."""
        offered = self.scope.get("subprotocols", [])
        await self.accept(SUBPROTOCOL if SUBPROTOCOL in offered else None)
        self.chat_id = self.scope["url_route"]["kwargs"]["chat_id"]
        await audience.join(chat_group(self.chat_id), self)
        self.joined = True
        try:
            self.admission = await in_thread(admit, self.scope, self.chat_id)
        except RefusedError as refused:
            await self.close(refused.code, refused.reason)
            return
        log_access(
            "socket_opened", caller=self.admission.caller, address=socket_address(self.scope), object=self.chat_id
        )
        self.name = uuid4().hex
        self.since = self.sent = self.admission.last_sequence
        self.order = asyncio.Lock()
        self.pace, self.use = FramePace(), Use(self.admission.caller)
        self._close_at_expiry()
        heartbeat.watch(self)
        standing.watch(self, self.admission.caller)
        await self._send({"type": "ready", "chat_id": str(self.chat_id), "last_sequence": self.sent})

    def _close_at_expiry(self) -> None:
        expires_at = self.admission.caller.expires_at
        if expires_at is not None:
            seconds = max(0.0, (expires_at - timezone.now()).total_seconds())
            self.expiry = asyncio.get_running_loop().call_later(seconds, lambda: asyncio.ensure_future(self._expire()))

    async def _expire(self) -> None:
        await self._send(error_frame("token_expired", _("This session has expired. Start a new one.")))
        await self.close(UNKNOWN_CALLER)

    async def disconnect(self, code: int) -> None:
        """Leave the chat's group."""
        heartbeat.unwatch(self)
        standing.unwatch(self)
        if self.expiry is not None:
            self.expiry.cancel()
        if self.joined:
            await audience.leave(chat_group(self.chat_id), self)
        if hasattr(self, "admission"):
            await in_thread(open_sockets.leave, self.admission.caller)

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        """Act on one frame; a bad one is answered by an error, and the socket stays open."""
        if not hasattr(self, "admission"):
            return
        try:
            frame = parse_frame(text_data)
            handler = HANDLERS.get(frame["type"])
            if not self.pace.allows(frame["type"]):
                raise BadFrameError(
                    "rate_limited", _("Too many frames. Wait a moment."), frame.get("client_message_id")
                )
            if handler is None:
                raise BadFrameError("invalid", _("This type of frame is not known."))
            await handler(self, frame)
            await self.use.note(frame["type"])
        except BadFrameError as bad:
            await self._send(error_frame(bad.code, bad.detail, bad.client_message_id))
            if self.pace.is_exhausted:
                await self.close(TOO_FAST)

    async def send_message(self, frame: dict[str, Any]) -> None:
        """`message.send`: acknowledged once it is committed."""
        caller, given_id = self.admission.caller, frame.get("client_message_id")
        self._refuse_readers(given_id)
        try:
            posted = await in_thread(
                post_paid,
                caller,
                tenant_id=self.admission.tenant_id,
                chat_id=self.chat_id,
                content=frame.get("content", ""),
                content_type=frame.get("content_type", "text"),
                client_message_id=given_id,
                contact_id=caller.contact_id,
                sender="staff" if caller.user else "user",
                author=caller.user,
            )
        except ChatError as error:
            raise BadFrameError(error.code, error.message, given_id) from error
        message = posted.message
        ack = {"client_message_id": given_id, "id": str(message.pk), "sequence": message.sequence}
        await self._send({"type": "message.ack", **ack})

    def _refuse_readers(self, given_id: Any = None) -> None:
        caller = self.admission.caller
        if not caller.is_visitor and not caller.may("chats", "write"):
            raise BadFrameError("permission_denied", _("You may read this chat, not write in it."), given_id)

    async def resume(self, frame: dict[str, Any]) -> None:
        """`resume`: every message after a sequence that this socket has not had, in order, then live."""
        after = sequence_of(frame, "after_sequence")
        async with self.order:
            await self._send_after(after)
            self.since = min(self.since, after)
        await self._send({"type": "resumed", "last_sequence": self.sent})

    async def catch_up(self) -> None:
        """Send what the channel layer may have lost; before `ready` there is nothing to lose."""
        if not hasattr(self, "order"):
            return
        async with self.order:
            await self._send_after(self.sent)

    async def _send_after(self, after: int) -> None:
        tenant_id = self.admission.tenant_id
        while True:
            page = await in_thread(messages_after, self.chat_id, after, tenant_id=tenant_id)
            for sequence, text in page:
                if not self.since < sequence <= self.sent:
                    await super().send(text_data=text)
                self.sent = max(self.sent, sequence)
                after = sequence
            if len(page) < PAGE:
                return

    async def tell_typing(self, frame: dict[str, Any]) -> None:
        """`typing`: shown to the others in the chat."""
        self._refuse_readers()
        sender = "staff" if self.admission.caller.user else "user"
        await self._tell(events.typing(sender=sender, is_typing=bool(frame.get("is_typing"))))

    async def tell_read(self, frame: dict[str, Any]) -> None:
        """`read`: how far this side has read."""
        self._refuse_readers()
        sender = "staff" if self.admission.caller.user else "user"
        await self._tell({"type": "read", "sender": sender, "sequence": sequence_of(frame, "sequence")})

    async def pong(self, frame: dict[str, Any]) -> None:
        """`ping`: tells a client that the socket lives."""
        await self._send({"type": "pong"})

    async def _tell(self, frame: dict[str, Any]) -> None:
        event = {"type": "chat_message", "text": json.dumps(frame), "from": self.name}
        try:
            await get_channel_layer().group_send(chat_group(self.chat_id), event)
        except (RedisError, OSError):
            MetricsService().increment_counter("realtime_publish_failures")

    async def chat_message(self, event: dict[str, Any]) -> None:
        """Forward a frame of the chat's group; a stored message only in its turn."""
        if not hasattr(self, "admission") or event.get("from") == self.name:
            return
        sequence = event.get("sequence")
        if sequence is None:
            await super().send(text_data=event["text"])
            return
        async with self.order:
            if sequence == self.sent + 1:
                self.sent = sequence
                await super().send(text_data=event["text"])
            elif sequence > self.sent:
                await self._send_after(self.sent)

    async def _send(self, frame: dict[str, Any]) -> None:
        await super().send(text_data=json.dumps(frame))  # in ASCII: what a client said may hold half characters


class NoSuchSocket(AsyncWebsocketConsumer):
    """Every other address: closed with the code for what is not there."""

    charla_reach = Reach.EVERYONE

    async def connect(self) -> None:
        """Accept, so that the caller sees the code, and close."""
        await self.accept()
        await self.close(NO_SUCH_CHAT)


HANDLERS = {
    "message.send": ChatConsumer.send_message,
    "resume": ChatConsumer.resume,
    "typing": ChatConsumer.tell_typing,
    "read": ChatConsumer.tell_read,
    "ping": ChatConsumer.pong,
}
