"""DRF's doors for people and programs; `request.auth` is a Caller behind each of them (api.md)."""

from typing import Any

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.utils.translation import gettext as _
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import BaseAuthentication, SessionAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed, NotFound
from rest_framework.request import Request

from tenants.callers import Caller
from tenants.services.credentials import UnknownTenantError, caller_of_key, caller_of_user
from tenants.services.sessions import login_of_token, origin_of


def bearer_of(request: Request, keyword: str) -> str | None:
    """Return the credential behind a keyword of the Authorization header; None when it is for another door."""
    parts = get_authorization_header(request).split()
    if not parts or parts[0].lower() != keyword.lower().encode():
        return None
    if len(parts) != 2:
        raise AuthenticationFailed(_("The Authorization header must be: %(form)s") % {"form": f"{keyword} <…>"})
    return parts[1].decode("latin-1")


def _person(request: Request, user: Any, credential: Any = None) -> tuple[Any, Caller]:
    try:
        caller = caller_of_user(
            user,
            request.headers.get("X-Tenant", ""),
            credential=credential,
            expires_at=getattr(credential, "expiry", None),
        )
    except UnknownTenantError as error:
        raise NotFound(str(error)) from error
    return user, caller


class PersonAuthentication(BaseAuthentication):
    """`Authorization: Token <knox token>`."""

    keyword = "Token"

    def authenticate(self, request: Request) -> tuple[Any, Caller] | None:
        """Return the user and its Caller."""
        token = bearer_of(request, self.keyword)
        if token is None:
            return None
        found = login_of_token(token, origin_of(request._request))
        if found is None:
            raise AuthenticationFailed(_("This token is unknown, revoked or expired."))
        return _person(request, *found)

    def authenticate_header(self, request: Request) -> str:
        """Name the door in a 401's WWW-Authenticate header."""
        return self.keyword


class CookieAuthentication(SessionAuthentication):
    """The administration's session cookie, with CSRF."""

    def authenticate(self, request: Request) -> tuple[Any, Caller] | None:
        """Return the user and its Caller."""
        found = super().authenticate(request)
        return _person(request, found[0]) if found else None


class ApiKeyAuthentication(BaseAuthentication):
    """`Authorization: Api-Key <key>`."""

    keyword = "Api-Key"

    def authenticate(self, request: Request) -> tuple[Any, Caller] | None:
        """Return no user and the key's Caller."""
        secret = bearer_of(request, self.keyword)
        if secret is None:
            return None
        caller = caller_of_key(secret)
        if caller is None:
            raise AuthenticationFailed(_("This key is unknown, revoked or expired."))
        return AnonymousUser(), caller

    def authenticate_header(self, request: Request) -> str:
        """Name the door in a 401's WWW-Authenticate header."""
        return self.keyword


class HeaderScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """How the schema describes a credential in the Authorization header."""

    form = ""

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        """Return the OpenAPI security scheme."""
        return {"type": "apiKey", "in": "header", "name": "Authorization", "description": self.form}


class PersonScheme(HeaderScheme):  # type: ignore[no-untyped-call]
    """A person's token."""

    target_class, name, form = PersonAuthentication, "person", "Token <token>"


class ApiKeyScheme(HeaderScheme):  # type: ignore[no-untyped-call]
    """A program's key."""

    target_class, name, form = ApiKeyAuthentication, "key", "Api-Key <key>"


class CookieScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """The session cookie."""

    target_class, name = CookieAuthentication, "cookie"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        """Return the OpenAPI security scheme."""
        return {"type": "apiKey", "in": "cookie", "name": settings.SESSION_COOKIE_NAME}
