"""Default deny: a view says under which resource it stands and which visitors' actions it has (decision 28)."""

from typing import Any

from rest_framework.permissions import SAFE_METHODS, BasePermission
from rest_framework.request import Request

from tenants.callers import Caller


class DeclaredAccess(BasePermission):
    """Lets a caller in by what the view declares.

    `resource`: the first path segment that roles and scopes speak of. `visitor_actions`: the actions open to a
    visitor, whose rows the view's queryset narrows. `any_person`: for views about the caller itself.
    A view that declares nothing lets nobody in; a test holds that each declares something.
    """

    def has_permission(self, request: Request, view: Any) -> bool:
        """Tell whether the caller may do this at all; which rows is the queryset's business."""
        caller = request.auth
        if not isinstance(caller, Caller):
            return False
        if caller.is_visitor:
            return getattr(view, "action", None) in getattr(view, "visitor_actions", ())
        if getattr(view, "any_person", False):
            return caller.user is not None
        resource = getattr(view, "resource", None)
        if resource is None:
            return False
        return caller.may(resource, "read" if self._reads(request, view) else "write")

    def _reads(self, request: Request, view: Any) -> bool:
        return request.method in SAFE_METHODS or getattr(view, "action", None) in getattr(view, "reading_actions", ())


class Public(BasePermission):
    """Open to everyone on purpose: log-in, the widget's first step, health."""

    def has_permission(self, request: Request, view: Any) -> bool:
        """Let everyone in."""
        return True
