"""Acts of callers: entries that say who, through which door, and that no act goes without.

A service that knows what an act means writes its entry itself (AuditService.log_event). What is done through the API
and has written none gets one by its route (audit.middleware): an endpoint that nobody thought of is in the log, too.
"""

from typing import Any, Final
from uuid import UUID

from audit.services.events import AuditService
from tenants.callers import Caller

# Their own records (decision 9), each person's own business, and what log-in's receivers write.
WITHOUT_ENTRY: Final = ("messages/", "media/", "notifications/", "notification-preferences/", "auth/", "widget/")


def log_act(
    action: str,
    caller: Caller,
    object_type: str,
    object_id: Any,
    details: dict[str, Any] | None = None,
    address: str = "",
) -> None:
    """Write what a person of the staff or a program did; a visitor's doings are their own record."""
    if caller.is_visitor or caller.tenant_id is None:
        return
    told = {**(details or {}), **({"key": str(caller.key_id)} if caller.key_id else {})}
    user: UUID | None = caller.user.pk if caller.user else None
    AuditService.log_event(action, user, caller.tenant_id, object_type, str(object_id), told, address or None)


def needs_entry(route: str) -> bool:
    """Tell whether what is done at a route of the API must leave an entry."""
    path = route.removeprefix("api/v1/")
    return path != route and not any(path.startswith(part) or path.endswith(part) for part in WITHOUT_ENTRY)
