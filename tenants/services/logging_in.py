"""Who somebody is: the password, then, where one is on, the second factor. Both doors (API, administration) ask here.

An account that does not exist and a wrong password have the same answer after the same work: the same statements, and
one password hash (django.contrib.auth computes it for nobody, too).
"""

from dataclasses import dataclass

from django.conf import settings
from django.contrib.auth import authenticate
from django.contrib.auth.signals import user_login_failed
from django.http import HttpRequest, HttpResponse

from tenants.client_address import client_address
from tenants.models import User
from tenants.services.login_guard import DEVICE_SECONDS, TooManyTriesError, device_of, new_device, pay_for_try, remember
from tenants.services.second_factor import has_second_factor, is_right_code

__all__ = ["Proof", "TooManyTriesError", "prove_code", "prove_password", "remember_browser"]


@dataclass(frozen=True)
class Proof:
    """A person with the right password; `wants_code` when the second factor has to follow."""

    user: User
    wants_code: bool


def prove_password(request: HttpRequest, email: str, password: str) -> Proof | None:
    """Return whose password it is, None for a wrong one; TooManyTriesError when there were too many wrong ones."""
    attempt = pay_for_try(email, client_address(request), _device(request))
    user = authenticate(request, username=email.lower(), password=password)
    if not isinstance(user, User):
        return None
    attempt.succeeded()
    return Proof(user, has_second_factor(user))


def prove_code(request: HttpRequest, user: User, code: str) -> bool:
    """Tell whether a code of the app or a recovery code is right, and use it up; TooManyTriesError as above."""
    attempt = pay_for_try(user.email, client_address(request), _device(request), kind="code")
    if not is_right_code(user, code):
        user_login_failed.send(sender=__name__, credentials={"username": user.email}, request=request)
        return False
    attempt.succeeded()
    return True


def remember_browser(request: HttpRequest, response: HttpResponse, user: User) -> None:
    """After a log-in: know its network and, by a cookie, its browser from those who guess from elsewhere."""
    remember(user, client_address(request))
    if not device_of(user.email, _device(request)):
        response.set_cookie(
            settings.DEVICE_COOKIE_NAME, new_device(user), max_age=DEVICE_SECONDS, httponly=True,
            secure=request.is_secure(), samesite="Lax",
        )  # fmt: skip


def _device(request: HttpRequest) -> str:
    return request.COOKIES.get(settings.DEVICE_COOKIE_NAME, "")
