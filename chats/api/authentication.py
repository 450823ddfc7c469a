"""The visitor's door: `Authorization: Bearer <visitor token>`."""

from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.utils.translation import gettext as _
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from chats.services.visitors import caller_of_visitor
from tenants.api.authentication import HeaderScheme, bearer_of
from tenants.callers import Caller


class VisitorAuthentication(BaseAuthentication):
    """A browser's widget: one contact, its chats alone."""

    keyword = "Bearer"

    def authenticate(self, request: Request) -> tuple[Any, Caller] | None:
        """Return no user and the visitor's Caller."""
        token = bearer_of(request, self.keyword)
        if token is None:
            return None
        caller = caller_of_visitor(token)
        if caller is None:
            raise AuthenticationFailed(_("This session is unknown. Start a new one."))
        if caller.is_expired:
            raise AuthenticationFailed(_("This session has expired. Start a new one."), code="token_expired")
        return AnonymousUser(), caller

    def authenticate_header(self, request: Request) -> str:
        """Name the door in a 401's WWW-Authenticate header."""
        return self.keyword


class VisitorScheme(HeaderScheme):  # type: ignore[no-untyped-call]
    """A visitor's token."""

    target_class, name, form = VisitorAuthentication, "visitor", "Bearer <visitor token>"
