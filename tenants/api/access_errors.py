"""The refusals about members, users and tenants as answers of the API (decision 34)."""

from collections.abc import Iterator
from contextlib import contextmanager

from rest_framework.exceptions import APIException, NotFound, PermissionDenied, ValidationError
from rest_framework.request import Request

from tenants.callers import Caller
from tenants.client_address import client_address
from tenants.services.actors import AccessError, Actor, actor_of


class ConflictError(APIException):
    """409."""

    status_code = 409
    default_code = "conflict"


@contextmanager
def access_errors() -> Iterator[None]:
    """Turn an AccessError into the API's exception for it."""
    try:
        yield
    except AccessError as error:
        if error.code == "permission_denied":
            raise PermissionDenied(error.detail) from error
        if error.code == "not_found":
            raise NotFound(error.detail) from error
        if error.code == "conflict":
            raise ConflictError(error.detail) from error
        detail = [error.detail]
        raise ValidationError({error.attr: detail} if error.attr else detail, code=error.code) from error


def actor(request: Request) -> Actor:
    """Return who acts in a request."""
    if not isinstance(request.auth, Caller):
        raise TypeError("The view is open to callers without a credential.")
    return actor_of(request.auth, client_address(request._request))
