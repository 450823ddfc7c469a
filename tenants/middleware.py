"""Edges of a request: its id in every log line, and the administration's one tenant at a time."""

from collections.abc import Callable
from uuid import UUID

import structlog
from django.contrib.auth.middleware import AuthenticationMiddleware
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.functional import SimpleLazyObject
from django.utils.translation import gettext as _

from tenants.client_address import client_address
from tenants.models import TenantModel
from tenants.request_ids import request_id_of
from tenants.scope import in_tenant
from tenants.services.credentials import memberships_of
from tenants.services.sessions import origin_of, person_of_cookie
from tenants.services.visits import tell_of_entry

GetResponse = Callable[[HttpRequest], HttpResponse]
SESSION_KEY = "charla_tenant"


class RequestIdMiddleware:
    """Gives each request an id (or takes the caller's) and sends it back; API answers are not for shared caches."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Handle one request."""
        request_id = request_id_of(request.headers.get("X-Request-Id", ""))
        # Bound until the thread's next request, not only until here: Django logs an answer after its middleware.
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request_id=request_id)
        response = self.get_response(request)
        response["X-Request-Id"] = request_id
        if request.path.startswith("/api/v1/"):
            response.headers.setdefault("Cache-Control", "private, no-store")
        return response


class TextMiddleware:
    """Refuses an address that is no text, whatever would look at it."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Handle one request."""
        return self.get_response(request) if is_text(request) else _not_text()


def is_text(request: HttpRequest) -> bool:
    """Tell whether address and query hold no NUL, which PostgreSQL stores and compares nowhere."""
    return "\x00" not in request.path and "%00" not in request.META.get("QUERY_STRING", "")


def _not_text() -> HttpResponse:
    error = {"code": "invalid", "detail": _("An address cannot hold NUL."), "attr": None}
    return JsonResponse({"type": "client_error", "errors": [error]}, status=400)


class LoginMiddleware(AuthenticationMiddleware):
    """Knows whom a session's cookie logs in, while that log-in is open (tenants/services/sessions.py)."""

    def process_request(self, request: HttpRequest) -> None:
        """Find out when somebody asks."""
        super().process_request(request)
        request.user = SimpleLazyObject(lambda: person_of_cookie(request, origin_of(request)))  # type: ignore[assignment]


class AdminScopeMiddleware:
    """Opens one tenant for the administration's pages: the one chosen in this session, else the person's first.

    The operator (superuser) may choose any. Someone without a tenant sees only what belongs to none.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Handle one request."""
        if not request.path.startswith("/admin/") or not request.user.is_authenticated:
            return self.get_response(request)
        tenant_id, role = admin_tenant(request)
        request.admin_role = role  # type: ignore[attr-defined]
        if tenant_id is None:
            return self.get_response(request)
        note_entry(request, tenant_id)
        with in_tenant(tenant_id):
            return self.get_response(request)


def note_entry(request: HttpRequest, tenant_id: UUID) -> None:
    """Tell the audit log once a session that the operator looks at a tenant which it did not choose itself."""
    user = request.user
    if not user.is_superuser or request.method != "GET" or request.session.get(SESSION_KEY) == str(tenant_id):
        return
    request.session[SESSION_KEY] = str(tenant_id)
    if tenant_id not in [own for own, _name, _role in memberships_of(user.pk)]:
        tell_of_entry(user.pk, tenant_id, client_address(request))


def admin_tenant(request: HttpRequest) -> tuple[UUID | None, str | None]:
    """Return the tenant that the administration shows in this session, and the person's role in it."""
    user = request.user
    own = {str(tenant_id): role for tenant_id, _name, role in memberships_of(user.pk)}
    chosen = request.session.get(SESSION_KEY)
    if chosen in own:
        return UUID(chosen), own[chosen]
    if user.is_superuser and (chosen or not own):
        rows = TenantModel.objects.filter(is_active=True)
        tenant = (rows.filter(pk=chosen).first() if chosen else None) or rows.first()
        return (tenant.pk, "owner") if tenant else (None, None)
    first = next(iter(own.items()), None)
    return (UUID(first[0]), first[1]) if first else (None, None)
