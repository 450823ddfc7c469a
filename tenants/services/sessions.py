"""Log-ins that are open: how they begin, how long they last, and how they end.

Tokens of the API and cookies of the administration have one row each (LoginSession). A log-in ends `LOGIN_TOKEN_HOURS`
after it began whatever happens, and `LOGIN_IDLE_MINUTES` after its last request.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from django.conf import settings
from django.contrib.auth import get_user
from django.contrib.auth.models import AnonymousUser
from django.contrib.sessions.models import Session
from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from knox.crypto import hash_token
from knox.models import AuthToken

from tenants.callers import Caller
from tenants.client_address import client_address, socket_address
from tenants.models import User
from tenants.session_models import KnownAddress, LoginSession, SecondFactor

ROW: Final = "charla_login"  # in a cookie's session: the id of its row
PROVEN: Final = "charla_second_factor"
NOTED_EVERY: Final = timedelta(minutes=1)  # of a log-in in use, not each request
LONGEST_AGENT: Final = 200
ADDRESSES_KEPT: Final = timedelta(days=90)


@dataclass(frozen=True)
class Origin:
    """Where a request comes from."""

    address: str | None
    user_agent: str


def origin_of(request: HttpRequest) -> Origin:
    """Return where a request comes from."""
    agent = request.headers.get("User-Agent", "").replace("\x00", "")
    return Origin(client_address(request) or None, agent[:LONGEST_AGENT])


def origin_of_socket(scope: dict[str, Any]) -> Origin:
    """Return where a socket comes from."""
    headers = {name.lower(): value.decode("latin-1") for name, value in scope.get("headers", [])}
    return Origin(socket_address(scope) or None, headers.get(b"user-agent", "")[:LONGEST_AGENT])


def idle_since() -> datetime:
    """Return the time since when a log-in has to have been used."""
    return timezone.now() - settings.LOGIN_IDLE


def open_with_token(user: User, origin: Origin, *, proven: bool = False) -> tuple[LoginSession, str]:
    """Log somebody in by a new token; return the row and the token, which nobody sees again."""
    with transaction.atomic():
        stored, token = AuthToken.objects.create(user)
        row = LoginSession.objects.create(
            user=user, token=stored, expires_at=stored.expiry, second_factor=proven, **_said(origin)
        )
    return row, token


def login_of_token(token: str, origin: Origin) -> tuple[User, AuthToken] | None:
    """Return whom a token logs in, and the stored token; None for one that is unknown, ended, or of nobody active."""
    found = AuthToken.objects.select_related("user", "login_session").filter(
        digest=hash_token(token), expiry__gt=timezone.now(), user__is_active=True
    )
    stored = found.first()
    if stored is None:
        return None
    row = getattr(stored, "login_session", None)
    if row is None:
        row, _made = LoginSession.objects.get_or_create(
            token=stored, defaults={"user": stored.user, "expires_at": stored.expiry, **_said(origin)}
        )
    if not _is_living(row):
        return None
    _note(row, origin)
    stored.login_session = row
    return stored.user, stored


def open_with_cookie(request: HttpRequest, user: User, *, proven: bool = False) -> None:
    """Write down the log-in that django.contrib.auth.login() has just begun in a request's session."""
    request.session[PROVEN] = proven
    request.session.pop(ROW, None)
    request.session.save()
    _row_for_cookie(request, user, origin_of(request))


def person_of_cookie(request: HttpRequest, origin: Origin) -> User | AnonymousUser:
    """Return whom a request's session logs in; a log-in that ended elsewhere ends here too."""
    user = get_user(request)
    if not isinstance(user, User):
        return AnonymousUser()
    if ROW not in request.session:
        _row_for_cookie(request, user, origin)
    row = _of_cookie(request.session[ROW], user)
    if row is None or not _is_living(row) or (row.wants_proof and not row.second_factor):
        request.session.flush()
        return AnonymousUser()
    if row.session_key != request.session.session_key:  # Django gives a session a new key with a new password
        LoginSession.objects.filter(pk=row.pk).update(session_key=request.session.session_key)
    _note(row, origin)
    return user


def _row_for_cookie(request: HttpRequest, user: User, origin: Origin) -> None:
    defaults = {
        "user": user,
        "expires_at": timezone.now() + settings.LOGIN_LONGEST,
        "second_factor": bool(request.session.get(PROVEN)),
        **_said(origin),
    }
    row, _made = LoginSession.objects.get_or_create(session_key=request.session.session_key, defaults=defaults)
    request.session[ROW] = str(row.pk)
    request.session.save()


def _of_cookie(row_id: str, user: User) -> Any:
    wants = SecondFactor.objects.filter(user=OuterRef("user"), confirmed_at__isnull=False)
    return LoginSession.objects.filter(pk=row_id, user=user).annotate(wants_proof=Exists(wants)).first()


def _is_living(row: LoginSession) -> bool:
    return row.expires_at > timezone.now() and row.last_seen_at > idle_since()


def _said(origin: Origin) -> dict[str, Any]:
    now = timezone.now()
    return {"address": origin.address, "user_agent": origin.user_agent, "created_at": now, "last_seen_at": now}


def _note(row: LoginSession, origin: Origin) -> None:
    """Write down that a log-in is used, and from where; not more often than every minute."""
    now = timezone.now()
    if now - row.last_seen_at >= NOTED_EVERY:
        LoginSession.objects.filter(pk=row.pk).update(last_seen_at=now, address=origin.address)


def note_use(caller: Caller) -> None:
    """Write down that a person uses a log-in over a connection that stays open; not more often than every minute."""
    own = {"token_id": caller.proof} if caller.credential is not None else {"session_key": caller.proof}
    now = timezone.now()
    LoginSession.objects.filter(**own, last_seen_at__lte=now - NOTED_EVERY).update(last_seen_at=now)


def open_sessions(user: User) -> "QuerySet[LoginSession]":
    """Return the log-ins of a person that are open, last used first."""
    return LoginSession.objects.filter(user=user, expires_at__gt=timezone.now(), last_seen_at__gt=idle_since())


def session_of_caller(request: HttpRequest, credential: Any) -> LoginSession | None:
    """Return the log-in that a request came with: its token's (`credential`), else its cookie's."""
    if credential is not None:
        return getattr(credential, "login_session", None)
    row_id = request.session.get(ROW)
    return LoginSession.objects.filter(pk=row_id).first() if row_id else None


def prove(row: LoginSession) -> None:
    """Note that the second factor was shown in a log-in."""
    LoginSession.objects.filter(pk=row.pk).update(second_factor=True)


def end_sessions(rows: Iterable[LoginSession]) -> int:
    """End log-ins: their tokens and cookies are worth nothing from now on, and their sockets close within seconds."""
    ended = list(rows)
    with transaction.atomic():
        AuthToken.objects.filter(digest__in=[row.token_id for row in ended if row.token_id]).delete()
        Session.objects.filter(session_key__in=[row.session_key for row in ended if row.session_key]).delete()
        LoginSession.objects.filter(pk__in=[row.pk for row in ended]).delete()
    return len(ended)


def end_all_sessions(user: User, *, but: LoginSession | None = None) -> int:
    """End every log-in of a person, except the one that asks; return how many ended."""
    with transaction.atomic():
        rows = LoginSession.objects.filter(user=user)
        ended = end_sessions(rows.exclude(pk=but.pk) if but else rows)
        AuthToken.objects.filter(user=user, login_session__isnull=True).delete()
    return ended


def remove_ended_sessions() -> str:
    """Remove the rows of log-ins that ran out, their tokens and cookies, and networks that nobody came from lately."""
    now = timezone.now()
    with transaction.atomic():
        ended = end_sessions(LoginSession.objects.filter(Q(expires_at__lte=now) | Q(last_seen_at__lte=idle_since())))
        AuthToken.objects.filter(expiry__lte=now).delete()
        Session.objects.filter(expire_date__lte=now).delete()
        KnownAddress.objects.filter(last_used_at__lt=now - ADDRESSES_KEPT).delete()
    return f"{ended} log-ins ended"
