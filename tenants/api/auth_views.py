"""Logging in and out (api.md, `auth/`)."""

from typing import Any

from django.contrib.auth import authenticate
from django.contrib.auth.signals import user_logged_in, user_logged_out
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from knox.models import get_token_model
from rest_framework import status
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from tenants.api.permissions import Public
from tenants.api.serializers import LoginSerializer, MeSerializer, SessionSerializer
from tenants.api.views import TenantAPIView
from tenants.models import User
from tenants.services.credentials import memberships_of


def describe(user: User) -> dict[str, Any]:
    """Return a person with the tenants that it may name."""
    user.tenants = [{"name": name, "role": role} for _id, name, role in memberships_of(user.pk)]  # type: ignore[attr-defined]
    return dict(MeSerializer(user).data)


class LoginView(APIView):
    """Log in with e-mail and password."""

    authentication_classes: list[Any] = []
    permission_classes = [Public]

    @extend_schema(request=LoginSerializer, responses=SessionSerializer, operation_id="auth_login")
    def post(self, request: Request) -> Response:
        """Return a token; the same answer for an unknown address and a wrong password."""
        wanted = LoginSerializer(data=request.data)
        wanted.is_valid(raise_exception=True)
        email, password = wanted.validated_data["email"].lower(), wanted.validated_data["password"]
        user = authenticate(request._request, username=email, password=password)
        if not isinstance(user, User):
            raise AuthenticationFailed(_("The e-mail address or the password is wrong."))
        stored, token = get_token_model().objects.create(user)
        user_logged_in.send(sender=User, request=request._request, user=user)
        return Response({"token": token, "expiry": stored.expiry, "user": describe(user)})


class LogoutView(TenantAPIView):
    """Log this token out."""

    any_person, tenantless = True, True

    @extend_schema(request=None, responses={204: None}, operation_id="auth_logout")
    def post(self, request: Request) -> Response:
        """Revoke the token that the request came with."""
        if self.caller.credential is not None:
            self.caller.credential.delete()
        user_logged_out.send(sender=User, request=request._request, user=request.user)
        return Response(status=status.HTTP_204_NO_CONTENT)


class LogoutAllView(TenantAPIView):
    """Log every token of the person out."""

    any_person, tenantless = True, True

    @extend_schema(request=None, responses={204: None}, operation_id="auth_logout_all")
    def post(self, request: Request) -> Response:
        """Revoke all of the caller's tokens."""
        get_token_model().objects.filter(user=request.user).delete()
        user_logged_out.send(sender=User, request=request._request, user=request.user)
        return Response(status=status.HTTP_204_NO_CONTENT)


class MeView(TenantAPIView):
    """Who am I?"""

    any_person, tenantless = True, True

    @extend_schema(responses=MeSerializer, operation_id="auth_me")
    def get(self, request: Request) -> Response:
        """Return the person and its tenants."""
        return Response(describe(request.user))  # type: ignore[arg-type]
