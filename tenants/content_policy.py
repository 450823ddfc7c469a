"""Content-Security-Policy: strict everywhere, a little wider where django-unfold needs it (decision 27)."""

from typing import Any, Final

from csp.constants import UNSAFE_EVAL, UNSAFE_INLINE
from csp.middleware import CSPMiddleware
from django.http import HttpRequest

ADMIN_NEEDS: Final = {"script-src": [UNSAFE_EVAL], "style-src": [UNSAFE_INLINE]}  # Alpine; never inline script


class ContentPolicyMiddleware(CSPMiddleware):
    """The policy of the settings, widened under /admin/."""

    def get_policy_parts(self, request: HttpRequest, response: Any, *args: Any, **kwargs: Any) -> Any:
        """Return the parts that the header is made of."""
        parts = super().get_policy_parts(request, response, *args, **kwargs)
        if request.path.startswith("/admin/"):
            parts.update = {**(parts.update or {}), **ADMIN_NEEDS}
        return parts
