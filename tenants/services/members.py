"""Members of a tenant: their roles, and the last owner who stays (decision 28). In the tenant's scope."""

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from tenants.commits import call_after_commit
from tenants.models import Membership, Role, User
from tenants.services.actors import AccessError, Actor
from tenants.services.credentials import forget_credentials


def needed_for(role: str) -> Role:
    """Return the role that may give or take a role: owners are made and unmade by owners alone."""
    return Role.OWNER if role == Role.OWNER else Role.ADMIN


def add_member(actor: Actor, user: User, role: Role) -> Membership:
    """Make somebody a member at once; all but the operator invite (tenants/services/invitations.py)."""
    if not actor.is_operator:
        raise AccessError("permission_denied", _("Invite people: nobody becomes a member without agreeing to it."))
    member = join(user, role)
    actor.tell("member_added", member, role=role, member=str(user.pk))
    return member


def join(user: User, role: str) -> Membership:
    """Store a membership; AccessError (`conflict`) for somebody who is a member already."""
    try:
        with transaction.atomic():
            member: Membership = Membership.objects.create(user=user, role=role)
    except IntegrityError as error:
        raise AccessError("conflict", _("This person is a member already."), "email") from error
    call_after_commit(forget_credentials)
    return member


def change_role(actor: Actor, member: Membership, role: Role) -> None:
    """Give a member another role."""
    with transaction.atomic():
        was = _locked_role(actor, member)
        actor.needs(needed_for(role))
        if was == role:
            return
        Membership.objects.filter(pk=member.pk).update(role=role)
        member.role = role
        actor.tell("role_changed", member, role=role, was=was, member=str(member.user_id))
        call_after_commit(forget_credentials)


def remove_member(actor: Actor, member: Membership) -> None:
    """End a membership; the person keeps its user and its other tenants."""
    with transaction.atomic():
        was = _locked_role(actor, member)
        actor.tell("member_removed", member, was=was, member=str(member.user_id))
        member.delete()
        call_after_commit(forget_credentials)


def _locked_role(actor: Actor, member: Membership) -> str:
    """Return a member's role after checking that the actor may touch it; owners are locked, so that one stays."""
    owners = list(
        Membership.objects.select_for_update().filter(role=Role.OWNER).order_by("pk").values_list("pk", flat=True)
    )
    role = Role.OWNER if member.pk in owners else Role(member.role)
    actor.needs(needed_for(role))
    if owners == [member.pk]:
        raise AccessError("conflict", _("A tenant keeps its last owner. Make another one first."))
    return role
