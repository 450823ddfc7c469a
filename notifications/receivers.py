"""What `notifications` hears from the app below it (decision 18)."""

from typing import Any, Final

from django.dispatch import receiver
from django.utils import timezone
from django.utils.translation import gettext_noop, override

from metrics.signals import threshold_exceeded
from notifications.models import NotificationType
from notifications.services.invitations import enqueue_mail
from notifications.services.notifying import RUNNING, Notice, members, operators_by_tenant, tell, tell_rooms
from tenants.models import Invitation
from tenants.scope import in_tenant
from tenants.services.schedules import KIND, SCHEDULES, ScheduleEntry
from tenants.services.work import Lease
from tenants.signals import invited, work_died

WORK_DIED = gettext_noop("Work of the kind “%(kind)s” was given up: look at it, and do it again, under “Work rows”.")
SCHEDULE_FAILED = gettext_noop("Scheduled work failed: %(what)s. Look at it, and do it again, under “Work rows”.")

STRAINED: Final = {
    "cpu": gettext_noop("The processor is %(percent)s %% busy."),
    "memory": gettext_noop("%(percent)s %% of the memory is used."),
    "disk": gettext_noop("%(percent)s %% of the disk is used."),
    "connections": gettext_noop("%(percent)s %% of the database's connections are used."),
    "work": gettext_noop("Work waits for too long: %(percent)s %% of a minute."),
}


@receiver(threshold_exceeded, dispatch_uid="notifications.threshold_exceeded")
def tell_of_strain(sender: Any, figure: str, percent: float, **kwargs: Any) -> None:
    """Tell who runs the installation, once an hour for each figure."""
    notice = Notice(
        notification_type=NotificationType.PERFORMANCE,
        message=STRAINED[figure],
        params={"percent": round(percent)},
        data={"figure": figure},
        dedupe_key=f"performance:{figure}:{timezone.now():%Y%m%d%H}",
    )
    for tenant_id, operators in operators_by_tenant().items():
        with in_tenant(tenant_id):
            tell(operators, notice)
            tell_rooms(notice)


@receiver(work_died, dispatch_uid="notifications.work_died")
def tell_of_dead_work(sender: Any, item: Lease, **kwargs: Any) -> None:
    """Tell those who run the tenant, once an hour for each kind of work, and for each entry of the schedule.

    Of what a schedule does for the whole installation the operators are told, wherever they are members; those
    who run the tenant where they are members of none.
    """
    entry = SCHEDULES.entries.get(item.ref_id.split(":")[0]) if item.kind == KIND else None
    notice = _of_schedule(item, entry) if entry else _of_kind(item)
    operators = operators_by_tenant() if entry and entry.of_all else {}
    for tenant_id in operators or (item.tenant_id,):
        with in_tenant(tenant_id):
            tell(operators.get(tenant_id) or members(RUNNING), notice)
            tell_rooms(notice)


def _of_kind(item: Lease) -> Notice:
    return Notice(
        notification_type=NotificationType.WORK_DIED,
        message=WORK_DIED,
        params={"kind": item.kind},
        data={"work": item.item_id},
        dedupe_key=f"work_died:{item.kind}:{timezone.now():%Y%m%d%H}",
    )


def _of_schedule(item: Lease, entry: ScheduleEntry) -> Notice:
    with override("en"):  # gettext's text, which is read in the reader's language
        label = str(entry.label)
    return Notice(
        notification_type=NotificationType.WORK_DIED,
        message=SCHEDULE_FAILED,
        params={"what": label},
        data={"work": item.item_id},
        dedupe_key=f"work_died:{item.ref_id.split(':')[0]}:{timezone.now():%Y%m%d%H}",
    )


@receiver(invited, dispatch_uid="notifications.invited")
def mail_link(sender: Any, invitation: Invitation, **kwargs: Any) -> None:
    """Mail the invitation's link."""
    enqueue_mail(invitation)
