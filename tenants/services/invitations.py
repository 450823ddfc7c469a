"""Invitations: a link of its own for each person, which a new one uses to choose a password (api.md, `invitations/`).

Nobody learns another person's password, and nobody becomes a member without agreeing to it: who has a user already must
be logged in as that user to accept. The link is computed from the row's seed and SECRET_KEY, so neither the database
nor a work row holds it.
"""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Final
from uuid import UUID

from django.conf import settings
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction
from django.utils import timezone
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext as _

from tenants.models import Invitation, Membership, Role, User
from tenants.scope import in_tenant
from tenants.services.actors import AccessError, Actor
from tenants.services.credentials import secret_hash
from tenants.services.members import join, needed_for
from tenants.signals import invited

VALID_FOR: Final = timedelta(days=7)
KEPT_FOR: Final = timedelta(days=30)  # after its end: so long it can be seen that it ran out, and be sent again


def token_of(invitation: Invitation) -> str:
    """Return what the link holds."""
    return salted_hmac("charla.invitation", invitation.seed, algorithm="sha256").hexdigest()


def link_of(invitation: Invitation, host: str = "") -> str:
    """Return the whole address of the page that accepts, on a host (`https://…`), else where people reach this one."""
    return f"{(host or settings.PUBLIC_URL).rstrip('/')}/invitations/{token_of(invitation)}/"


def link_to_show(invitation: Invitation, host: str) -> str | None:
    """Return the link for who invited to hand over; None where it is mailed, and only its reader has it.

    It leads to the host that was asked, which who asks can see; a mail's never does.
    """
    return None if settings.EMAIL_URL else link_of(invitation, host)


def invite(actor: Actor, email: str, role: Role) -> Invitation:
    """Invite an address to the tenant in scope; a link that it had before is worth nothing from now on."""
    actor.needs(needed_for(role))
    email = email.lower()
    with transaction.atomic():
        if Membership.objects.filter(user__email=email).exists():
            raise AccessError("conflict", _("This person is a member already."), "email")
        found = Invitation.objects.select_for_update().filter(email=email).first()
        if found is not None:
            actor.needs(needed_for(found.role))
        invitation = found or Invitation(email=email)
        invitation.role, invitation.invited_by = role, actor.user
        _renew(invitation)
        actor.tell("member_invited", invitation, role=role, email=email)
    return invitation


def send_again(actor: Actor, invitation: Invitation) -> None:
    """Give an invitation a new link and another week."""
    actor.needs(needed_for(invitation.role))
    with transaction.atomic():
        _renew(invitation)
        actor.tell("invitation_renewed", invitation, role=invitation.role)


def _renew(invitation: Invitation) -> None:
    invitation.seed = secrets.token_urlsafe(32)
    invitation.token_hash = secret_hash(token_of(invitation))
    invitation.expires_at, invitation.mailed_at = timezone.now() + VALID_FOR, None
    invitation.save()
    invited.send(sender=Invitation, invitation=invitation)


def withdraw(actor: Actor, invitation: Invitation) -> None:
    """Make an invitation's link worth nothing."""
    actor.needs(needed_for(invitation.role))
    with transaction.atomic():
        actor.tell("invitation_withdrawn", invitation, role=invitation.role)
        invitation.delete()


def remove_old_invitations() -> str:
    """Remove the current tenant's invitations that ran out a month ago; return what was done, in words.

    They hold the address of somebody who never joined.
    """
    with transaction.atomic():
        removed, _kinds = Invitation.objects.filter(expires_at__lt=timezone.now() - KEPT_FOR).delete()
    return f"{removed} invitations removed"


def find(token: str) -> tuple[UUID, UUID]:
    """Return (tenant id, invitation id) of a link's token; AccessError (`not_found`) when it is worth nothing."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT tenant_id, id FROM charla_invitation(%s)", [secret_hash(token)])
        row: tuple[UUID, UUID] | None = cursor.fetchone()
    if row is None:
        raise AccessError("not_found", _("This invitation was used, withdrawn or is too old. Ask for a new one."))
    return row


def accept(token: str, user: User, ip_address: str | None = None) -> Membership:
    """Make a logged-in person, whose address was invited, a member."""
    with _claimed(token) as invitation:
        if invitation.email != user.email:
            raise AccessError("permission_denied", _("This invitation is for another e-mail address."))
        return _joined(invitation, user, ip_address)


def sign_up(
    token: str, *, password: str, first_name: str = "", last_name: str = "", ip_address: str | None = None
) -> Membership:
    """Make a user of the invited address with the password that it chose, and the user a member."""
    with _claimed(token) as invitation:
        user = User(
            email=invitation.email, username=invitation.email, first_name=first_name, last_name=last_name, is_staff=True
        )
        _check(password, user)
        user.set_password(password)
        try:
            with transaction.atomic():
                user.save()
        except IntegrityError as error:
            raise AccessError("conflict", _("You have an account already: log in, then accept."), "email") from error
        return _joined(invitation, user, ip_address)


def _check(password: str, user: User) -> None:
    try:
        validate_password(password, user)
    except ValidationError as error:
        raise AccessError("invalid", " ".join(error.messages), "password") from error


@contextmanager
def _claimed(token: str) -> Iterator[Invitation]:
    """Open the invitation's tenant and hold its row: of two who accept at once, one does."""
    tenant_id, invitation_id = find(token)
    with in_tenant(tenant_id):
        held = Invitation.objects.select_for_update().filter(pk=invitation_id, token_hash=secret_hash(token)).first()
        if held is None:
            raise AccessError("not_found", _("This invitation was used, withdrawn or is too old. Ask for a new one."))
        yield held


def _joined(invitation: Invitation, user: User, ip_address: str | None) -> Membership:
    member = join(user, invitation.role)
    Actor(user, Role(invitation.role), ip_address).tell("invitation_accepted", member, role=invitation.role)
    invitation.delete()
    return member
