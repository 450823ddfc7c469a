"""Whom a route, socket, command or task is for: what declares nothing is refused at start (config/access_checks.py).

API views declare by `resource` and its kin (tenants/api/permissions.py); everything else by its reach.
"""

from collections.abc import Callable
from enum import StrEnum
from typing import Any, Final, TypeVar

V = TypeVar("V", bound=Callable[..., Any])
ATTRIBUTE: Final = "charla_reach"


class Reach(StrEnum):
    """Whom something is for, or what it may touch."""

    EVERYONE = "everyone"
    OWN_CHECK = "whoever passes the view's own check"
    STAFF = "people of the staff who have logged in"
    CALLERS = "callers whom the door's own admission lets in"
    TENANT = "one tenant at a time"
    INSTALLATION = "who runs the installation"


def reaches(reach: Reach) -> Callable[[V], V]:
    """Declare a view's reach; the outermost decorator, so that nothing hides it."""

    def declare(view: V) -> V:
        setattr(view, ATTRIBUTE, reach)
        return view

    return declare


def reach_of(thing: Any) -> Reach | None:
    """Return what a view, consumer, command or task declares; None when it declares nothing."""
    found = getattr(thing, ATTRIBUTE, None)
    return found if isinstance(found, Reach) else None
