"""Sends frames to sockets' groups, from any process, by a plain Redis client.

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

from metrics.services import MetricsService

logger = structlog.get_logger(__name__)
_serializer = registry.get_serializer("msgpack", symmetric_encryption_keys=None)


@cache
def _client() -> "redis.Redis":
    return redis.Redis.from_url(settings.CHANNEL_REDIS_URL, socket_timeout=1, socket_connect_timeout=0.5)


def inbox_group(tenant_id: UUID | str) -> str:
    """Return the name of the group that holds the sockets of a tenant's staff."""
    return f"inbox_{tenant_id}"


def person_group(tenant_id: UUID | str, user_id: UUID | str) -> str:
    """Return the name of the group that holds one person's sockets in a tenant."""
    return f"person_{tenant_id}_{user_id}"


def publish_frame(group: str, frame: dict[str, Any], **more: Any) -> None:
    """Send one frame to a group; `more` travels beside it. A Redis that is away is counted, never the sender's trouble.

    Nothing is sent where CHAT_REAL_TIME_UPDATES is off.
    """
    if not settings.CHAT_SETTINGS["REAL_TIME_UPDATES"]:
        return
    event = {"type": "chat_message", "text": json.dumps(frame, ensure_ascii=False), **more}
    channel = f"{settings.CHANNEL_PREFIX}__group__{group}"
    try:
        _client().publish(channel, _serializer.serialize(event))
    except redis.RedisError as error:
        logger.warning("frame_not_published", frame=frame["type"], error=str(error))
        MetricsService().increment_counter("realtime_publish_failures")
