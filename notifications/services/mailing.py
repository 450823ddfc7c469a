"""Notifications by e-mail: one by one, or gathered in a digest; each in one mail however often its work is done.

A mail and the row that says it was sent cannot be one transaction. The Message-ID is the same at each attempt, so that
mailboxes that compare it show one.
"""

from datetime import timedelta
from email.utils import parseaddr
from typing import Final
from uuid import UUID

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.db import transaction
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.translation import ngettext, override

from notifications.models import Digest, Notification
from notifications.models.notices import rendered, spoken
from notifications.services.attachments import attachments_of
from notifications.services.links import url_of
from tenants.models import TenantModel, User
from tenants.rendering import as_text, to_html
from tenants.scope import current_tenant_id

MOST_IN_DIGEST: Final = 200
PERIODS: Final = {Digest.HOURLY: timedelta(hours=1), Digest.DAILY: timedelta(days=1)}


def send_email(notification_id: str) -> None:
    """Send one notification by e-mail, unless that was done; raises what the mail server's library raises (OSError)."""
    with transaction.atomic():
        found = Notification.objects.select_related("recipient", "tenant").filter(pk=notification_id).first()
    if found is None or found.emailed_at is not None or not settings.EMAIL_URL:
        return
    with override(found.tenant.default_language):
        _send(found.tenant, found.recipient, str(found.text), [found], key=str(found.pk))
    _mark([found.pk])


def send_digests(digest: Digest) -> int:
    """Send the current tenant's people what gathered for them, one mail each; return how many mails."""
    if not settings.EMAIL_URL:
        return 0
    with transaction.atomic():
        tenant = TenantModel.objects.get(pk=current_tenant_id())
        waiting = Notification.objects.filter(wants_email=digest, emailed_at__isnull=True)
        people = list(waiting.order_by("recipient_id").values_list("recipient_id", flat=True).distinct())
    for user_id in people:
        _send_digest(tenant, user_id, digest)
    return len(people)


def _send_digest(tenant: TenantModel, user_id: UUID, digest: Digest) -> None:
    with transaction.atomic():
        waiting = Notification.objects.select_related("recipient").filter(
            recipient_id=user_id, wants_email=digest, emailed_at__isnull=True
        )
        gathered = list(waiting.order_by("created_at")[:MOST_IN_DIGEST])
    if not gathered:
        return
    with override(tenant.default_language):
        count = len(gathered)
        subject = ngettext("%(count)s notification", "%(count)s notifications", count) % {"count": count}
        _send(tenant, gathered[0].recipient, subject, gathered, key=f"{gathered[0].pk}.{gathered[-1].pk}")
    _mark([notification.pk for notification in gathered])


def _mark(ids: list[UUID]) -> None:
    with transaction.atomic():
        Notification.objects.filter(pk__in=ids).update(emailed_at=timezone.now())


def _html(notification: Notification) -> str:
    """Return our sentence as HTML; a value in it, such as a name that somebody gave, shows its very letters."""
    said = spoken(notification.params)
    values = {name: as_text(value) if isinstance(value, str) else value for name, value in said.items()}
    return to_html(rendered(notification.message, values))


def _send(tenant: TenantModel, recipient: User, subject: str, about: list[Notification], *, key: str) -> None:
    lines = [{"text": each.text, "html": _html(each), "url": url_of(each.data)} for each in about]
    values = {
        "tenant": tenant,
        "recipient": recipient,
        "lines": lines,
        "preferences_url": f"{settings.PUBLIC_URL}/admin/notifications/notification/preferences/",
    }
    domain = parseaddr(settings.DEFAULT_FROM_EMAIL)[1].rpartition("@")[2] or "localhost"
    mail = EmailMultiAlternatives(
        subject=f"[{tenant.display_name or tenant.name}] {subject}",
        body=render_to_string("notifications/email.txt", values),
        to=[recipient.email],
        headers={"Message-ID": f"<{key}@{domain}>", "Auto-Submitted": "auto-generated"},
    )
    mail.attach_alternative(render_to_string("notifications/email.html", values), "text/html")
    for each in (attachment for notification in about for attachment in attachments_of(notification.data)):
        mail.attach(each.name, each.content, each.media_type)
    mail.send()
