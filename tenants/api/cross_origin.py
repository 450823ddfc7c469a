"""Who may read the API's answers from a page elsewhere: the allowed origins of the tenant that the answer is about.

A browser asks before it sends most requests (a preflight), without any credential: then every origin that some tenant
allows may go on. What is answered is for that tenant's own origins alone; a refusal can be read from anywhere on the
widget's own paths, so that the widget can say why there is no chat.
"""

import re
from typing import Any, Final
from uuid import UUID

from django.http import HttpRequest

from tenants.services.origins import is_allowed, is_allowed_by_any, is_own

TENANT: Final = "charla_tenant_id"
REFUSED: Final = "charla_origin_refused"
PATHS: Final = re.compile(r"/api/v1/(widget|chats)/")
WIDGET: Final = "/api/v1/widget/"


def may_read(sender: Any, request: HttpRequest, **kwargs: Any) -> bool:
    """Tell whether the page that asks may read the answer; connected to django-cors-headers' signal."""
    origin = request.headers.get("Origin", "")
    if not origin or not PATHS.match(request.path):
        return False
    if is_own(origin, request.get_host()):
        return True
    if request.path.startswith(WIDGET) and (request.method == "OPTIONS" or hasattr(request, REFUSED)):
        return True
    tenant_id: UUID | None = getattr(request, TENANT, None)
    return is_allowed(tenant_id, origin) if tenant_id else is_allowed_by_any(origin)
