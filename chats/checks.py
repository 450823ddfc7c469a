"""`manage.py check chats`: settings in their range, receivers connected, keys there, the channel layer at work."""

import asyncio
import uuid
from collections.abc import Iterator, Sequence
from typing import Any, Final

from asgiref.sync import async_to_sync
from channels.layers import get_channel_layer
from django.apps import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning
from django.db.models.signals import post_save
from redis import RedisError

from chats.models import CONTENT_TYPES, ChatModel, ContentChatModel
from chats.signals import chat_post_save_receiver, content_chat_emit
from chats.signals.definitions import conversation_completed, escalation_triggered, message_analyzed
from tenants.encryption.errors import SealError
from tenants.encryption.master_keys import first_master_key

SECONDS: Final = 2.0
NUMBERS: Final = {
    "MAX_MESSAGE_LENGTH": ("CHAT_MAX_MESSAGE_LENGTH", 1, 1_000_000),
    "SESSION_TIMEOUT": ("CHAT_SESSION_TIMEOUT", 60, 30 * 86_400),
    "MESSAGE_RETENTION_DAYS": ("CHAT_MESSAGE_RETENTION_DAYS", 1, 36_500),
}
SWITCHES: Final = ("ENABLE_MESSAGE_ENCRYPTION", "REAL_TIME_UPDATES")
LAYER_HINT: Final = "Start Valkey or Redis and check REDIS_URL: open pages get no new messages without it."


def check_chats(app_configs: Sequence[AppConfig] | None, **_options: object) -> list[CheckMessage]:
    """Return what would keep conversations from working (a system check).

    Keys are opened and the channel layer is used only when the app is named (`check chats`): every command checks the
    rest, also one that needs no server.
    """
    if app_configs is not None and not any(config.label == "chats" for config in app_configs):
        return []
    found = [*_settings(), *_receivers()]
    return [*found, *_keys(), *_layer()] if app_configs is not None else found


def _settings() -> Iterator[CheckMessage]:
    given: dict[str, Any] = settings.CHAT_SETTINGS
    for name, (variable, least, most) in NUMBERS.items():
        value = given.get(name)
        if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
            said = f"CHAT_SETTINGS[{name!r}] is {value!r}: it has to be a whole number from {least} to {most}."
            yield Error(said, hint=f"Correct {variable}.", id="charla.E010")
    for name in SWITCHES:
        if not isinstance(given.get(name), bool):
            yield Error(
                f"CHAT_SETTINGS[{name!r}] has to be true or false.", hint=f"Correct CHAT_{name}.", id="charla.E011"
            )
    types = given.get("SUPPORTED_CONTENT_TYPES")
    known = {value for value, _label in CONTENT_TYPES}
    if not isinstance(types, list | tuple) or "text" not in types or not known.issuperset(types):
        said = f"CHAT_SETTINGS['SUPPORTED_CONTENT_TYPES'] has to be a list of {sorted(known)} with “text” in it."
        yield Error(said, id="charla.E012")


def _receivers() -> Iterator[CheckMessage]:
    wanted = (
        (post_save, ChatModel, chat_post_save_receiver.chat_post_save_receiver),
        (post_save, ContentChatModel, content_chat_emit.message_post_save_receiver),
        (message_analyzed, ContentChatModel, content_chat_emit.handle_message_analyzed),
        (conversation_completed, ChatModel, content_chat_emit.handle_conversation_completed),
        (escalation_triggered, ChatModel, content_chat_emit.trigger_escalation),
    )
    for signal, sender, receiver in wanted:
        synchronous, asynchronous = signal._live_receivers(sender)
        if receiver not in [*synchronous, *asynchronous]:
            said = f"The receiver {receiver.__name__} is not connected: messages would be stored and not worked on."
            yield Error(said, hint="See docs/signals.md.", id="charla.E013")


def _keys() -> Iterator[CheckMessage]:
    if not settings.CHAT_SETTINGS.get("ENABLE_MESSAGE_ENCRYPTION"):
        return
    try:
        first_master_key()
    except SealError as error:
        yield Error(str(error), hint="See docs/encryption.md.", id="charla.E014")


def _layer() -> Iterator[CheckMessage]:
    layer = get_channel_layer()
    if layer is None or "InMemory" in type(layer).__name__:
        if not settings.DEBUG:
            yield Warning("The channel layer joins no processes.", hint=LAYER_HINT, id="charla.W010")
        return
    try:
        async_to_sync(_through)(layer)
    except (OSError, RedisError) as error:
        yield Error(f"The channel layer cannot be reached: {type(error).__name__}.", hint=LAYER_HINT, id="charla.E015")


async def _through(layer: Any) -> None:
    """Send a message through the layer and receive it."""
    async with asyncio.timeout(SECONDS):
        name, sent = await layer.new_channel(), {"type": "check", "id": uuid.uuid4().hex}
        await layer.send(name, sent)
        if await layer.receive(name) != sent:
            raise ConnectionError("another message came out")
