"""The mail that brings an invitation's link: the one place that has it besides the person who is invited."""

from typing import Final
from uuid import UUID

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.db import transaction
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.translation import gettext, override

from notifications.services.notifying import KIND
from tenants.commits import call_after_commit
from tenants.models import Invitation
from tenants.services.invitations import link_of
from tenants.services.work import WORK_KINDS, enqueue

LINK_NAMED_BY: Final = 12


def enqueue_mail(invitation: Invitation) -> None:
    """Write the work row of an invitation's mail in the caller's transaction; none where no mail is sent."""
    if not settings.EMAIL_URL:
        return
    reference = f"invitation:{invitation.pk}.{invitation.token_hash[:LINK_NAMED_BY]}"
    enqueue(kind=KIND, dedupe_key=f"{KIND}:{reference}", tenant_id=invitation.tenant_id, ref_id=reference)
    call_after_commit(WORK_KINDS[KIND].ring, reference)


def mail_invitation(which: str) -> None:
    """Mail an open invitation's link, unless it has another one by now; raises what the mail server's library raises.

    `which` is the row's id and the beginning of its link's hash: a work row must not hold the link itself.
    """
    key, _dot, link = which.partition(".")
    with transaction.atomic():
        found = Invitation.objects.select_related("tenant", "invited_by").filter(pk=UUID(key)).first()
    if found is None or found.mailed_at is not None or not found.token_hash.startswith(link):
        return
    with override(found.tenant.default_language):
        _send(found)
    with transaction.atomic():
        Invitation.objects.filter(pk=found.pk, token_hash=found.token_hash).update(mailed_at=timezone.now())


def _send(invitation: Invitation) -> None:
    tenant = str(invitation.tenant)
    values = {
        "tenant": tenant,
        "role": invitation.get_role_display(),
        "inviter": invitation.invited_by.get_full_name() if invitation.invited_by else tenant,
        "link": link_of(invitation),
        "until": invitation.expires_at,
    }
    mail = EmailMultiAlternatives(
        subject=gettext("Your invitation to %(tenant)s") % {"tenant": " ".join(tenant.split())},
        body=render_to_string("notifications/invitation.txt", values),
        to=[invitation.email],
        headers={"Auto-Submitted": "auto-generated"},
    )
    mail.attach_alternative(render_to_string("notifications/invitation.html", values), "text/html")
    mail.send()
