"""The kinds of work that `notifications` brings to the work rows."""

from notifications.services import deliveries
from notifications.tasks import deliver_webhook
from tenants.services.work import WORK_KINDS, WorkKind


def _ring(ref_id: str) -> None:
    deliver_webhook.delay(ref_id)


WORK_KINDS.add("delivery", WorkKind(ring=_ring, run=deliveries.deliver, died=deliveries.gave_up))
