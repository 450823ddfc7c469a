"""Writing the feed of events."""

import json
from typing import Any

from django.db import connection

from tenants.scope import current_tenant_id


def record_event(event_type: str, *, object_type: str, object_id: object, data: dict[str, Any] | None = None) -> None:
    """Write one event in the caller's transaction and tenant; `data` holds ids and states, never a message's text."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO notifications_event (tenant_id, type, object_type, object_id, data)"
            " VALUES (%s, %s, %s, %s, %s)",
            [current_tenant_id(), event_type, object_type, str(object_id), json.dumps(data or {})],
        )
