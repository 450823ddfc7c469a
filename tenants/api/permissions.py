"""Default deny: a view says under which resource it stands and which visitors' actions it has (decision 28)."""

from typing import Any

from rest_framework.permissions import SAFE_METHODS, BasePermission
from rest_framework.request import Request

from tenants.callers import Caller, CallerKind
from tenants.models import Role


class DeclaredAccess(BasePermission):
    """Lets a caller in by what the view declares.

    `resource`: the first path segment that roles and scopes speak of. `least_to_read`: the role that reads there,
    a viewer unless it says otherwise. `visitor_actions`: the actions open to a visitor, whose rows the view's queryset
    narrows. `any_person`: for views about the caller itself; `person_actions`: the actions that are.
    `operator_actions`: those for who runs the installation alone.
    A view that declares nothing lets nobody in, and the program does not start with it (config/checks.py).
    """

    def has_permission(self, request: Request, view: Any) -> bool:
        """Tell whether the caller may do this at all; which rows is the queryset's business."""
        caller = request.auth
        if not isinstance(caller, Caller):
            return False
        action = getattr(view, "action", None)
        if caller.is_visitor:
            return action in getattr(view, "visitor_actions", ())
        if action in getattr(view, "operator_actions", ()):
            return caller.is_operator
        if caller.user is not None and (getattr(view, "any_person", False) or self._is_own(view, action)):
            return True
        resource = getattr(view, "resource", None)
        if resource is None:
            return False
        return self._may(caller, resource, view, "read" if self._reads(request, view) else "write")

    def _is_own(self, view: Any, action: str | None) -> bool:
        return action is not None and action in getattr(view, "person_actions", ())

    def _may(self, caller: Caller, resource: str, view: Any, action: str) -> bool:
        least = Role(getattr(view, "least_to_read", Role.VIEWER))
        is_high_enough = caller.kind is CallerKind.KEY or caller.has_rank(least)
        return caller.may(resource, action) and is_high_enough

    def _reads(self, request: Request, view: Any) -> bool:
        return request.method in SAFE_METHODS or getattr(view, "action", None) in getattr(view, "reading_actions", ())


class Public(BasePermission):
    """Open to everyone on purpose: log-in, the widget's first step, health."""

    def has_permission(self, request: Request, view: Any) -> bool:
        """Let everyone in."""
        return True
