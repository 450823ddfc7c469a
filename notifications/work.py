"""The kinds of work that `notifications` brings to the work rows."""

from datetime import timedelta
from functools import partial

from django.utils.translation import gettext_lazy as _

from notifications.models import Digest
from notifications.services import deliveries, requeueing, telling
from notifications.services.mailing import send_digests
from notifications.tasks import deliver_webhook, send_outside
from tenants.services.schedules import SCHEDULES, ScheduleEntry
from tenants.services.work import WORK_KINDS, WorkKind


def _ring(ref_id: str) -> None:
    deliver_webhook.delay(ref_id)


WORK_KINDS.add(
    "delivery",
    WorkKind(ring=_ring, run=deliveries.deliver, died=deliveries.gave_up, again=requeueing.wait_again),
)


def _ring_notification(reference: str) -> None:
    send_outside.delay(reference)


WORK_KINDS.add("notification", WorkKind(ring=_ring_notification, run=telling.tell_outside, died=telling.gave_up))
SCHEDULES.add(
    "notifications.hourly_digest",
    ScheduleEntry(_("send hourly digests"), timedelta(hours=1), partial(send_digests, Digest.HOURLY), sends_out=True),
)
SCHEDULES.add(
    "notifications.daily_digest",
    ScheduleEntry(
        _("send daily digests"),
        timedelta(days=1),
        partial(send_digests, Digest.DAILY),
        offset=timedelta(hours=7),
        sends_out=True,
    ),
)
