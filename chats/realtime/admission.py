"""Who may open a socket, and to which chat (api.md, "WebSocket"; decision 30). Runs in a thread."""

from dataclasses import dataclass
from http.cookies import CookieError, SimpleCookie
from typing import Any, Final
from uuid import UUID

from django.conf import settings
from django.contrib.sessions.backends.db import SessionStore
from django.http import HttpRequest
from django.utils.translation import gettext as _

from chats.services.tickets import PREFIX, redeem
from chats.services.visibility import chats_of
from chats.services.visitors import caller_of_visitor
from tenants.callers import Caller
from tenants.client_address import network_of, socket_address
from tenants.limits import Cost, charge, open_sockets
from tenants.limits.rules import charge_address
from tenants.models import User
from tenants.scope import in_tenant
from tenants.services.config import setting
from tenants.services.credentials import UnknownTenantError, caller_of_key, caller_of_user
from tenants.services.origins import is_allowed, is_own
from tenants.services.sessions import login_of_token, origin_of_socket, person_of_cookie
from tenants.services.visits import tell_of_visit

UNKNOWN_CALLER: Final = 4401
WRONG_KIND: Final = 4403
NO_SUCH_CHAT: Final = 4404
TOO_FAST: Final = 4429
MAINTENANCE: Final = 4503


class RefusedError(Exception):
    """The socket is closed with this code, and with words where the code alone may mean two things."""

    def __init__(self, code: int, reason: str = "") -> None:
        self.code, self.reason = code, reason
        super().__init__(code)


@dataclass(frozen=True)
class Admission:
    """A caller at a chat's socket."""

    caller: Caller
    tenant_id: UUID
    last_sequence: int


def admit(scope: dict[str, Any], chat_id: UUID) -> Admission:
    """Return who calls and how far the chat is; raise RefusedError with the code to close with."""
    caller = _known_caller(scope)
    if not caller.is_visitor and not caller.may("chats", "read"):
        raise RefusedError(WRONG_KIND)
    if caller.tenant_id is None:
        raise RefusedError(NO_SUCH_CHAT)
    with in_tenant(caller.tenant_id):
        found = chats_of(caller).filter(chat_id=chat_id)
        last_sequence = found.values_list("last_sequence", flat=True).first()
    if last_sequence is None:
        raise RefusedError(NO_SUCH_CHAT)
    _enter(caller)
    return Admission(caller, caller.tenant_id, last_sequence)


def admit_staff(scope: dict[str, Any]) -> Caller:
    """Return a member of a tenant's staff, or a key that may read chats; raise RefusedError for all others."""
    caller = _known_caller(scope)
    if caller.is_visitor or caller.tenant_id is None or not caller.may("chats", "read"):
        raise RefusedError(WRONG_KIND)
    _enter(caller)
    return caller


def _enter(caller: Caller) -> None:
    """Count the socket as open, as the last of all: who is let in calls open_sockets.leave() when it closes."""
    if not open_sockets.enter(caller):
        raise RefusedError(TOO_FAST, _("Too many connections are open at the same time."))


def _is_on_allowed_page(scope: dict[str, Any], visitor: Caller) -> bool:
    """Tell whether a visitor's page is ours or one that its tenant allows; a program says no origin."""
    headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope.get("headers", [])}
    origin = headers.get("origin", "")
    if not origin or is_own(origin, headers.get("host", "")):
        return True
    return visitor.tenant_id is not None and is_allowed(visitor.tenant_id, origin)


def _caller_of_ticket(scope: dict[str, Any]) -> Caller | None:
    ticket = next((word[7:] for word in scope.get("subprotocols", []) if word.startswith(f"bearer.{PREFIX}")), None)
    return redeem(ticket, scope["url_route"]["kwargs"].get("chat_id")) if ticket else None


def _known_caller(scope: dict[str, Any]) -> Caller:
    caller = _caller_of_ticket(scope) or _caller(scope)
    if caller is None or caller.is_expired:
        level = charge_address(network_of(socket_address(scope)))
        raise RefusedError(UNKNOWN_CALLER if level.allowed else TOO_FAST)
    if not charge(caller, Cost.SOCKET).allowed:
        raise RefusedError(TOO_FAST)
    if caller.is_visitor and not _is_on_allowed_page(scope, caller):
        raise RefusedError(WRONG_KIND)
    if setting(None, "maintenance_mode"):
        raise RefusedError(MAINTENANCE)
    if caller.is_visiting:
        tell_of_visit(caller, f"socket {scope['path']}", socket_address(scope))
    return caller


def _caller(scope: dict[str, Any]) -> Caller | None:
    bearer = next((word[7:] for word in scope.get("subprotocols", []) if word.startswith("bearer.")), None)
    tenant_name = next((word[7:] for word in scope.get("subprotocols", []) if word.startswith("tenant.")), "")
    if bearer is None:
        return _caller_of_cookie(scope, tenant_name)
    if bearer.startswith("sk_"):
        return caller_of_key(bearer)
    return caller_of_visitor(bearer) or _caller_of_token(scope, bearer, tenant_name)


def _caller_of_token(scope: dict[str, Any], token: str, tenant_name: str) -> Caller | None:
    try:
        found = login_of_token(token, origin_of_socket(scope))
        if found is None:
            return None
        user, stored = found
        return caller_of_user(user, tenant_name, credential=stored, expires_at=stored.expiry)
    except UnknownTenantError:
        return None


def _caller_of_cookie(scope: dict[str, Any], tenant_name: str) -> Caller | None:
    """The session cookie counts only from our own pages: browsers send it from any page that opens a socket."""
    headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope.get("headers", [])}
    if not is_own(headers.get("origin", ""), headers.get("host", "")):
        return None
    try:
        cookie = SimpleCookie(headers.get("cookie", "")).get(settings.SESSION_COOKIE_NAME)
    except CookieError:
        return None
    if cookie is None:
        return None
    request = HttpRequest()
    request.session = SessionStore(cookie.value)
    user = person_of_cookie(request, origin_of_socket(scope))
    try:
        return caller_of_user(user, tenant_name, session_key=cookie.value) if isinstance(user, User) else None
    except UnknownTenantError:
        return None
