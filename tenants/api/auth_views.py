"""Logging in and out (api.md, `auth/`)."""

from typing import Any

from django.contrib.auth import logout
from django.contrib.auth.signals import user_logged_in, user_logged_out
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.exceptions import AuthenticationFailed, Throttled, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from tenants.api.permissions import Public
from tenants.api.serializers import LoginSerializer, MeSerializer, SessionSerializer
from tenants.api.views import TenantAPIView
from tenants.models import User
from tenants.services.credentials import memberships_of
from tenants.services.logging_in import (
    Proof,
    TooManyTriesError,
    prove_code,
    prove_password,
    remember_browser,
)
from tenants.services.sessions import end_all_sessions, end_sessions, open_with_token, origin_of, session_of_caller


def describe(user: User) -> dict[str, Any]:
    """Return a person with the tenants that it may name."""
    user.tenants = [{"name": name, "role": role} for _id, name, role in memberships_of(user.pk)]  # type: ignore[attr-defined]
    return dict(MeSerializer(user).data)


class LoginView(APIView):
    """Log in with e-mail and password, and a code where the person's second factor is on."""

    authentication_classes: list[Any] = []
    permission_classes = [Public]

    def get_authenticate_header(self, request: Request) -> str:
        """Name the credential that is to be had here: without it a refusal would be a 403."""
        return "Token"

    @extend_schema(request=LoginSerializer, responses=SessionSerializer, operation_id="auth_login")
    def post(self, request: Request) -> Response:
        """Return a token; the same answer for an unknown address and a wrong password.

        Where the password is right and the second factor on, a missing `code` is a 400 `required`: send it along with
        the same e-mail and password, from the app or out of the recovery codes.
        """
        wanted = LoginSerializer(data=request.data)
        wanted.is_valid(raise_exception=True)
        try:
            proof = self._prove(request, **wanted.validated_data)
        except TooManyTriesError as error:
            raise Throttled(wait=error.wait) from error
        user = proof.user
        row, token = open_with_token(user, origin_of(request._request), proven=proof.wants_code)
        user_logged_in.send(sender=User, request=request._request, user=user)
        response = Response({"token": token, "expiry": row.expires_at, "user": describe(user)})
        remember_browser(request._request, response, user)
        return response

    def _prove(self, request: Request, email: str, password: str, code: str = "") -> Proof:
        proof = prove_password(request._request, email, password)
        if proof is None:
            raise AuthenticationFailed(_("The e-mail address or the password is wrong."))
        if proof.wants_code and not code.strip():
            raise ValidationError({"code": [_("Enter the code of your authenticator app.")]}, code="required")
        if proof.wants_code and not prove_code(request._request, proof.user, code):
            raise AuthenticationFailed(_("The code is wrong, or was used already."))
        return proof


class LogoutView(TenantAPIView):
    """Log this token out."""

    any_person, tenantless = True, True

    @extend_schema(request=None, responses={204: None}, operation_id="auth_logout")
    def post(self, request: Request) -> Response:
        """Revoke the token, or end the cookie's session, that the request came with."""
        current = session_of_caller(request._request, self.caller.credential)
        end_sessions([current] if current else [])
        if self.caller.credential is None:
            logout(request._request)
        else:
            user_logged_out.send(sender=User, request=request._request, user=request.user)
        return Response(status=status.HTTP_204_NO_CONTENT)


class LogoutAllView(TenantAPIView):
    """Log the person out everywhere."""

    any_person, tenantless = True, True

    @extend_schema(request=None, responses={204: None}, operation_id="auth_logout_all")
    def post(self, request: Request) -> Response:
        """Revoke all of the caller's tokens, and end all of its sessions in the administration."""
        end_all_sessions(request.user)  # type: ignore[arg-type]
        user_logged_out.send(sender=User, request=request._request, user=request.user)
        return Response(status=status.HTTP_204_NO_CONTENT)


class MeView(TenantAPIView):
    """Who am I?"""

    any_person, tenantless = True, True

    @extend_schema(responses=MeSerializer, operation_id="auth_me")
    def get(self, request: Request) -> Response:
        """Return the person and its tenants."""
        return Response(describe(request.user))  # type: ignore[arg-type]
