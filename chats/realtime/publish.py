"""Sends frames to every open socket of a chat, from any process, by a plain Redis client.

The channel layer's own group_send opens a connection per call outside an event loop (2–7 ms; this takes 0.05 ms), so
its wire format is written here; a test holds both together. What is published may be lost: sockets resume.
"""

import json
from functools import cache
from typing import Any
from uuid import UUID

import redis
import structlog
from channels_redis.serializers import registry
from django.conf import settings

from chats.events import Frame
from metrics.services import MetricsService

logger = structlog.get_logger(__name__)
_serializer = registry.get_serializer("msgpack", symmetric_encryption_keys=None)


@cache
def _client() -> "redis.Redis":
    return redis.Redis.from_url(settings.CHANNEL_REDIS_URL, socket_timeout=1, socket_connect_timeout=0.5)


def chat_group(chat_id: UUID | str) -> str:
    """Return the name of the group that holds a chat's sockets (decision 33)."""
    return f"chat_{chat_id}"


def publish(chat_id: UUID | str, frame: Frame, *, sequence: int | None = None) -> None:
    """Send one frame to the chat's sockets; a Redis that is away is counted, and never the sender's trouble."""
    if not settings.CHAT_SETTINGS["REAL_TIME_UPDATES"]:
        return
    event: dict[str, Any] = {"type": "chat_message", "text": json.dumps(frame, ensure_ascii=False)}
    if sequence is not None:
        event["sequence"] = sequence
    channel = f"{settings.CHANNEL_PREFIX}__group__{chat_group(chat_id)}"
    try:
        _client().publish(channel, _serializer.serialize(event))
    except redis.RedisError as error:
        logger.warning("frame_not_published", frame=frame["type"], error=str(error))
        MetricsService().increment_counter("realtime_publish_failures")
