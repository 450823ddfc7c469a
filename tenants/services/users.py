"""Users of the installation: the operator's business, who stays at least one (decision 28)."""

from typing import Any

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from tenants.commits import call_after_commit
from tenants.models import User
from tenants.services.actors import AccessError, Actor
from tenants.services.credentials import forget_credentials


def make_user(actor: Actor, *, email: str, password: str | None = None, **fields: Any) -> User:
    """Store a user; without a password nobody can log in as it before it is given one."""
    _needs_operator(actor)
    user = User(email=email, **{"username": email.lower(), **fields})
    if password is not None:
        _check(password, user)
    user.set_password(password)
    with transaction.atomic():
        _save(user)
        actor.tell("user_created", user, is_superuser=user.is_superuser)
    return user


def change_user(actor: Actor, user: User, changes: dict[str, Any]) -> None:
    """Change a user; one that is deactivated loses its sockets within five seconds, its tokens at once."""
    _needs_operator(actor)
    with transaction.atomic():
        if not changes.get("is_active", True) or not changes.get("is_superuser", True):
            _keep_an_operator(user)
        changed = [name for name, value in changes.items() if getattr(user, name) != value]
        for name in changed:
            setattr(user, name, changes[name])
        _save(user)
        if changed:
            actor.tell("user_changed", user, changed=changed)
        call_after_commit(forget_credentials)


def deactivate(actor: Actor, user: User) -> None:
    """Let nobody log in as a user any more; what it did stays under its name."""
    change_user(actor, user, {"is_active": False})


def is_last_operator(user: User) -> bool:
    """Tell whether nobody else runs the installation; the operators' rows are held until the transaction's end."""
    operators = User.objects.select_for_update().filter(is_superuser=True, is_active=True).order_by("pk")
    return list(operators.values_list("pk", flat=True)) == [user.pk]


def _keep_an_operator(user: User) -> None:
    if is_last_operator(user):
        raise AccessError("conflict", _("Somebody has to run the installation. Make another operator first."))


def _needs_operator(actor: Actor) -> None:
    if not actor.is_operator:
        raise AccessError("permission_denied", _("Only who runs the installation may do this."))


def _check(password: str, user: User) -> None:
    try:
        validate_password(password, user)
    except ValidationError as error:
        raise AccessError("invalid", " ".join(error.messages), "password") from error


def _save(user: User) -> None:
    try:
        with transaction.atomic():
            user.save()
    except IntegrityError as error:
        raise AccessError("conflict", _("There is a user of this e-mail or user name already.")) from error
