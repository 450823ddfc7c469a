"""What browsers are told with every answer: which of a device's abilities a page may use (none), and the
Content-Security-Policy, strict, a little wider where django-unfold needs it (decision 27).

No page may stand in a frame, not on a tenant's own pages either: there the widget is a script. An answer of the API is
no page, so it may do nothing at all. A view that sets the header itself, as for a file that somebody sent, has the last
word.
"""

from typing import Any, Final

from csp.constants import NONE, SELF, UNSAFE_EVAL, UNSAFE_INLINE
from csp.middleware import CSPMiddleware
from django.conf import settings
from django.core.exceptions import DisallowedHost
from django.http import HttpRequest
from django.http.response import HttpResponseBase

ADMIN_NEEDS: Final = {"script-src": [UNSAFE_EVAL], "style-src": [UNSAFE_INLINE]}  # Alpine; never inline script
NO_PAGE: Final = {"default-src": [NONE], "base-uri": [NONE], "form-action": [NONE], "frame-ancestors": [NONE]}


class ContentPolicyMiddleware(CSPMiddleware):
    """The policy of the settings, widened under /admin/, and nothing allowed under /api/v1/."""

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        """Add what the answer does not say yet."""
        response.headers.setdefault("Permissions-Policy", settings.PERMISSIONS_POLICY)
        return super().process_response(request, response)

    def get_policy_parts(self, request: HttpRequest, response: Any, *args: Any, **kwargs: Any) -> Any:
        """Return the parts that the header is made of."""
        parts = super().get_policy_parts(request, response, *args, **kwargs)
        if kwargs.get("report_only"):
            return parts
        if request.path.startswith("/api/v1/"):
            parts.config = NO_PAGE
            return parts
        parts.replace = {"connect-src": [SELF, *sockets_of(request)], **(parts.replace or {})}
        if request.path.startswith("/admin/"):
            parts.update = {**(parts.update or {}), **ADMIN_NEEDS}
        return parts


def sockets_of(request: HttpRequest) -> list[str]:
    """Return where this host's sockets are: browsers that follow an older text do not count them to 'self'."""
    try:
        return [f"{'wss' if request.is_secure() else 'ws'}://{request.get_host()}"]
    except DisallowedHost:
        return []
