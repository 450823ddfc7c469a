"""Content-Security-Policy of every answer: strict, a little wider where django-unfold needs it (decision 27).

An answer of the API is no page, so it may do nothing at all. A view that sets the header itself, as for a file that
somebody sent, has the last word.
"""

from typing import Any, Final

from csp.constants import NONE, SELF, UNSAFE_EVAL, UNSAFE_INLINE
from csp.middleware import CSPMiddleware
from django.core.exceptions import DisallowedHost
from django.http import HttpRequest

ADMIN_NEEDS: Final = {"script-src": [UNSAFE_EVAL], "style-src": [UNSAFE_INLINE]}  # Alpine; never inline script
NO_PAGE: Final = {"default-src": [NONE], "base-uri": [NONE], "form-action": [NONE], "frame-ancestors": [NONE]}


class ContentPolicyMiddleware(CSPMiddleware):
    """The policy of the settings, widened under /admin/, and nothing allowed under /api/v1/."""

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
