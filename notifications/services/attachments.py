"""Files that go with a notification's e-mail, by what its `data` holds; the apps above add theirs."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from tenants.registry import Registry


@dataclass(frozen=True)
class Attachment:
    """A file of an e-mail."""

    name: str
    content: bytes
    media_type: str


# From a value of `data` (an id) to its file, in the tenant's scope and the mail's language; None when it is gone.
notification_attachments: Registry[Callable[[Any], Attachment | None]] = Registry("attachment of notifications")


def attachments_of(data: Mapping[str, Any]) -> list[Attachment]:
    """Return the files that go with a notification."""
    made = (make(data[key]) for key, make in notification_attachments.items() if data.get(key))
    return [attachment for attachment in made if attachment is not None]
