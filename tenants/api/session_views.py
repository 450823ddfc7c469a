"""A person's open log-ins, its password and its second factor (api.md, `auth/`)."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.core.exceptions import ValidationError as RulesError
from django.db.models import QuerySet
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, status
from rest_framework.exceptions import APIException, Throttled, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from tenants.api.session_serializers import (
    CodeSerializer,
    NewPasswordSerializer,
    OpenSessionSerializer,
    PasswordSerializer,
    ProofSerializer,
    RecoveryCodesSerializer,
    SecondFactorSerializer,
    SecretSerializer,
)
from tenants.api.views import TenantAPIView
from tenants.models import User
from tenants.services import own_account, second_factor
from tenants.services.login_guard import TooManyTriesError
from tenants.services.own_account import NotProvenError
from tenants.services.sessions import open_sessions, session_of_caller
from tenants.session_models import LoginSession


class AlreadyOn(APIException):
    """409: the second factor is on."""

    status_code, default_code = 409, "conflict"

    def __init__(self) -> None:
        super().__init__(_("Your second factor is on. Turn it off before you begin with another app."))


@contextmanager
def refusals() -> Iterator[None]:
    """Turn the services' refusals into answers of the API."""
    try:
        yield
    except TooManyTriesError as error:
        raise Throttled(wait=error.wait) from error
    except NotProvenError as error:
        what = _("The code is wrong, or was used already.") if error.field == "code" else _("The password is wrong.")
        raise ValidationError({error.field: [what]}, code="invalid") from error
    except second_factor.AlreadyOnError as error:
        raise AlreadyOn from error


class OwnView(TenantAPIView):
    """A view about the caller itself, who is a person."""

    any_person, tenantless = True, True

    @property
    def person(self) -> User:
        """Return who calls."""
        if not isinstance(self.request.user, User):
            raise TypeError("The view is open to callers that are no person.")
        return self.request.user

    @property
    def current(self) -> LoginSession | None:
        """Return the log-in that the request came with."""
        return session_of_caller(self.request._request, self.caller.credential)

    def said(self, serializer: type[Any]) -> dict[str, Any]:
        """Return the request's body, checked."""
        wanted = serializer(data=self.request.data)
        wanted.is_valid(raise_exception=True)
        return dict(wanted.validated_data)


class OpenSessionViewSet(OwnView, mixins.ListModelMixin, mixins.DestroyModelMixin, GenericViewSet[LoginSession]):
    """The caller's open log-ins: tokens of the API and cookies of the administration."""

    serializer_class = OpenSessionSerializer
    queryset = LoginSession.objects.none()

    def get_queryset(self) -> "QuerySet[LoginSession]":
        """Return the caller's own."""
        if not isinstance(self.request.user, User):  # the schema's generator asks without anybody
            return LoginSession.objects.none()
        return open_sessions(self.request.user)

    def get_serializer_context(self) -> dict[str, Any]:
        """Bring the current log-in along."""
        current = self.current if isinstance(self.request.user, User) else None
        return {**super().get_serializer_context(), "current": current and current.pk}

    def perform_destroy(self, instance: LoginSession) -> None:
        """End it."""
        own_account.end_own_session(self.request._request, self.person, instance)


class PasswordView(OwnView):
    """The caller's password."""

    @extend_schema(request=NewPasswordSerializer, responses={204: None}, operation_id="auth_password")
    def post(self, request: Request) -> Response:
        """Set a new password. Every other log-in of the caller ends."""
        said = self.said(NewPasswordSerializer)
        try:
            with refusals():
                own_account.change_password(
                    request._request, self.person, said["current_password"], said["new_password"],
                    session=self.current,
                )  # fmt: skip
        except RulesError as error:
            raise ValidationError({"new_password": error.messages}, code="invalid") from error
        return Response(status=status.HTTP_204_NO_CONTENT)


class SecondFactorView(OwnView):
    """The caller's second factor."""

    @extend_schema(responses=SecondFactorSerializer, operation_id="auth_second_factor")
    def get(self, request: Request) -> Response:
        """Tell whether it is on."""
        left = second_factor.recovery_codes_left(self.person)
        return Response({"is_on": second_factor.has_second_factor(self.person), "recovery_codes_left": left})

    @extend_schema(
        request=PasswordSerializer, responses={201: SecretSerializer}, operation_id="auth_second_factor_begin"
    )
    def post(self, request: Request) -> Response:
        """Return a secret for an authenticator app. Nothing changes until a first code confirms it."""
        said = self.said(PasswordSerializer)
        with refusals():
            if second_factor.has_second_factor(self.person):
                raise AlreadyOn
            own_account.prove_again(request._request, self.person, said["password"])
            secret = second_factor.begin_second_factor(self.person)
        uri = second_factor.provisioning_uri(self.person, secret)
        return Response({"secret": secret, "uri": uri}, status=status.HTTP_201_CREATED)


class ConfirmSecondFactorView(OwnView):
    """Turning the second factor on."""

    @extend_schema(request=CodeSerializer, responses=RecoveryCodesSerializer, operation_id="auth_second_factor_confirm")
    def post(self, request: Request) -> Response:
        """Turn it on with a first code, and return the recovery codes. Every other log-in of the caller ends."""
        said = self.said(CodeSerializer)
        with refusals():
            codes = own_account.turn_on_second_factor(request._request, self.person, said["code"], session=self.current)
        return Response({"recovery_codes": codes})


class RecoveryCodesView(OwnView):
    """Recovery codes."""

    @extend_schema(
        request=ProofSerializer, responses=RecoveryCodesSerializer, operation_id="auth_second_factor_recovery_codes"
    )
    def post(self, request: Request) -> Response:
        """Return new ones; those that were left are worth nothing any more."""
        said = self.said(ProofSerializer)
        with refusals():
            codes = own_account.new_recovery_codes(request._request, self.person, **said)
        return Response({"recovery_codes": codes})


class RemoveSecondFactorView(OwnView):
    """Turning the second factor off."""

    @extend_schema(request=ProofSerializer, responses={204: None}, operation_id="auth_second_factor_remove")
    def post(self, request: Request) -> Response:
        """Turn it off. Every other log-in of the caller ends."""
        said = self.said(ProofSerializer)
        with refusals():
            own_account.turn_off_second_factor(request._request, self.person, **said, session=self.current)
        return Response(status=status.HTTP_204_NO_CONTENT)
