"""What `notifications` hears from the app below it (decision 18)."""

from typing import Any

from django.dispatch import receiver
from django.utils import timezone
from django.utils.translation import gettext_noop

from notifications.models import NotificationType
from notifications.services.invitations import enqueue_mail
from notifications.services.notifying import RUNNING, Notice, members, tell, tell_rooms
from tenants.models import Invitation
from tenants.scope import in_tenant
from tenants.services.work import Lease
from tenants.signals import invited, work_died

WORK_DIED = gettext_noop("Work of the kind “%(kind)s” was given up: look at it, and do it again, under “Work rows”.")


@receiver(work_died, dispatch_uid="notifications.work_died")
def tell_of_dead_work(sender: Any, item: Lease, **kwargs: Any) -> None:
    """Tell those who run the tenant, once an hour for each kind of work."""
    notice = Notice(
        notification_type=NotificationType.WORK_DIED,
        message=WORK_DIED,
        params={"kind": item.kind},
        data={"work": item.item_id},
        dedupe_key=f"work_died:{item.kind}:{timezone.now():%Y%m%d%H}",
    )
    with in_tenant(item.tenant_id):
        tell(members(RUNNING), notice)
        tell_rooms(notice)


@receiver(invited, dispatch_uid="notifications.invited")
def mail_link(sender: Any, invitation: Invitation, **kwargs: Any) -> None:
    """Mail the invitation's link."""
    enqueue_mail(invitation)
