"""The loggers `chats.access` and `chats.security`: who reached for which conversation, and what was refused.

A line is JSON with the request's id. It holds ids, routes and codes, an address as its keyed hash, never a text and
never a secret: the keywords here are all that can be written.
"""

from typing import Any, Final
from uuid import UUID

import structlog

from audit.services.events import keyed_hash
from tenants.callers import Caller

ACCESS: Final = structlog.get_logger("chats.access")
SECURITY: Final = structlog.get_logger("chats.security")


def log_access(event: str, *, caller: Caller | None = None, address: str = "", **ids: str | int | UUID | None) -> None:
    """Write that somebody reached for conversations or people."""
    ACCESS.info(event, **_line(caller, address, ids))


def log_security(
    event: str, *, caller: Caller | None = None, address: str = "", **ids: str | int | UUID | None
) -> None:
    """Write something that whoever guards the installation should see."""
    SECURITY.warning(event, **_line(caller, address, ids))


def _line(caller: Caller | None, address: str, ids: dict[str, Any]) -> dict[str, Any]:
    line = {name: str(value) if isinstance(value, UUID) else value for name, value in ids.items() if value is not None}
    if address:
        line["address"] = keyed_hash(address)
    if caller is not None:
        line["kind"] = str(caller.kind)
        who = {"user": caller.user.pk if caller.user else None, "key": caller.key_id, "contact": caller.contact_id}
        line |= {name: str(value) for name, value in who.items() if value is not None}
        line |= {"tenant": str(caller.tenant_id)} if caller.tenant_id else {}
    return line
