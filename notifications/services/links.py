"""Where a notification leads to: paths of the administration, by what its `data` holds."""

from collections.abc import Callable, Mapping
from typing import Any

from django.conf import settings

from tenants.registry import Registry

# From a value of `data` (an id) to a path; the apps above add theirs.
notification_links: Registry[Callable[[Any], str]] = Registry("link of notifications")


def path_of(data: Mapping[str, Any]) -> str:
    """Return the path that a notification leads to, or an empty string."""
    found = (link(data[key]) for key, link in notification_links.items() if data.get(key))
    return next(found, "")


def url_of(data: Mapping[str, Any]) -> str:
    """Return the whole address, for e-mails and rooms, or an empty string."""
    path = path_of(data)
    return f"{settings.PUBLIC_URL}{path}" if path else ""
