"""What apps above add to messages that the staff read: `sentiment` by `analysis` (api.md, "A message on the wire")."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from tenants.registry import Registry

# From message ids to what each has; one query for all of them, in the tenant's transaction.
message_details: Registry[Callable[[Sequence[int]], Mapping[int, Any]]] = Registry("detail of messages")


def details_of(message_ids: Sequence[int]) -> dict[int, dict[str, Any]]:
    """Return the details of messages by their ids, each under its name on the wire."""
    found: dict[int, dict[str, Any]] = {message_id: {} for message_id in message_ids}
    for name, look_up in message_details.items():
        for message_id, value in look_up(message_ids).items():
            found[message_id][name] = value
    return found
