"""What a delivery says: built when it is sent, inside the tenant's policies; rows hold ids alone (decision 12)."""

import json
from collections.abc import Callable, Mapping
from typing import Any

from notifications.models import Event
from tenants.registry import Registry

# By an event's object_type; each returns what `data` says of the object as of now, None when it is gone. Filled by the
# apps that own the objects; for others, and for what is gone, the event's ids and values stand alone.
event_bodies: Registry[Callable[[Event], Mapping[str, Any] | None]] = Registry("event body")


def data_of(event: Event) -> dict[str, Any]:
    """Return an event's `data`: the object's kind and id, what the event keeps, and the object as it is now.

    Runs the queries of its object's entry, in the caller's transaction and tenant.
    """
    built = event_bodies[event.object_type](event) if event.object_type in event_bodies else None
    return {"object": event.object_type, "id": event.object_id, **event.data, **(built or {})}


def body_of(event: Event, *, tenant_name: str) -> str:
    """Return the whole body as it is signed and sent: `{"type", "timestamp", "tenant", "data"}` (api.md)."""
    return body(event.type, at=event.created_at.isoformat(), tenant_name=tenant_name, data=data_of(event))


def body(event_type: str, *, at: str, tenant_name: str, data: Mapping[str, Any]) -> str:
    """Return a body of these parts; `at` is ISO 8601 in UTC."""
    parts = {"type": event_type, "timestamp": at.replace("+00:00", "Z"), "tenant": tenant_name, "data": data}
    return json.dumps(parts, ensure_ascii=False, separators=(",", ":"), default=str)
