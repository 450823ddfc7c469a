"""What people do with their own log-in: a new password, the second factor, ending other log-ins.

Each needs the password again, and the code where the second factor is on; the person's other log-ins end with it
(OWASP ASVS 5, 7.4.3 and 7.5.1). All of it is told to the audit log of each tenant that the person works for.
"""

from typing import Any
from uuid import UUID

from django.contrib.auth import update_session_auth_hash
from django.contrib.auth.password_validation import validate_password
from django.db import transaction
from django.http import HttpRequest

from tenants.client_address import client_address
from tenants.models import User
from tenants.services.credentials import memberships_of
from tenants.services.logging_in import prove_code, prove_password
from tenants.services.second_factor import confirm_second_factor, make_recovery_codes, remove_second_factor
from tenants.services.sessions import end_all_sessions, end_sessions, prove
from tenants.session_models import LoginSession
from tenants.signals import identity_changed


class NotProvenError(Exception):
    """The proof is wrong; `field` says which: password or code."""

    def __init__(self, field: str) -> None:
        self.field = field
        super().__init__(field)


def prove_again(request: HttpRequest, user: User, password: str, code: str = "") -> None:
    """Raise NotProvenError unless the password, and the code where one is asked for, are the person's."""
    proof = prove_password(request, user.email, password)
    if proof is None or proof.user.pk != user.pk:
        raise NotProvenError("password")
    if proof.wants_code and not prove_code(request, user, code):
        raise NotProvenError("code")


def change_password(request: HttpRequest, user: User, current: str, new: str, *, session: LoginSession | None) -> None:
    """Give a person a new password and end its other log-ins.

    Raises NotProvenError for a wrong current one, Django's ValidationError for a new one against the rules.
    """
    proof = prove_password(request, user.email, current)
    if proof is None:
        raise NotProvenError("current_password")
    validate_password(new, user)
    with transaction.atomic():
        user.set_password(new)
        user.save(update_fields=["password", "updated_at"])
        end_all_sessions(user, but=session)
    keep_cookie(request, user)
    tell_of_person(request, user, "password_changed")


def keep_cookie(request: HttpRequest, user: User) -> None:
    """Let the session that a new password was set in go on."""
    if request.session.get("_auth_user_id") == str(user.pk):
        update_session_auth_hash(request, user)


def turn_on_second_factor(request: HttpRequest, user: User, code: str, *, session: LoginSession | None) -> list[str]:
    """Ask for a code from now on; return the recovery codes. NotProvenError for a wrong first code."""
    codes = confirm_second_factor(user, code)
    if codes is None:
        raise NotProvenError("code")
    if session is not None:
        prove(session)
    end_all_sessions(user, but=session)
    tell_of_person(request, user, "second_factor_on")
    return codes


def turn_off_second_factor(
    request: HttpRequest, user: User, password: str, code: str, *, session: LoginSession | None
) -> None:
    """Ask for no code any more."""
    prove_again(request, user, password, code)
    if remove_second_factor(user):
        end_all_sessions(user, but=session)
        tell_of_person(request, user, "second_factor_off")


def new_recovery_codes(request: HttpRequest, user: User, password: str, code: str) -> list[str]:
    """Replace the recovery codes; those that were left are worth nothing any more."""
    prove_again(request, user, password, code)
    codes = make_recovery_codes(user)
    tell_of_person(request, user, "recovery_codes_made")
    return codes


def end_own_session(request: HttpRequest, user: User, row: LoginSession) -> None:
    """End one of the person's log-ins."""
    end_sessions([row])
    tell_of_person(request, user, "session_ended", session=str(row.pk))


def tell_of_person(request: HttpRequest, user: User, action: str, *, actor: User | None = None, **details: Any) -> None:
    """Tell who listens (the audit log) what happened to a person's log-in, in each of its tenants."""
    tenants: list[UUID | None] = [tenant_id for tenant_id, _name, _role in memberships_of(user.pk)]
    for tenant_id in tenants or [None]:
        identity_changed.send(
            sender=User,
            action=action,
            user=actor or user,
            tenant_id=tenant_id,
            object_type="user",
            object_id=str(user.pk),
            ip_address=client_address(request) or None,
            details=details,
        )
