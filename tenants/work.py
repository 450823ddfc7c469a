"""The kinds of work that `tenants` brings to the work rows."""

from datetime import timedelta

from django.utils.translation import gettext_lazy as _

from tenants.backups.ledger import remove_old_deletions
from tenants.backups.scheduled import back_up_once
from tenants.services.cleaning import clean_at_night
from tenants.services.idempotency import remove_old_answers
from tenants.services.invitations import remove_old_invitations
from tenants.services.schedules import KIND, SCHEDULES, ScheduleEntry, nothing_makes_up, run_scheduled
from tenants.services.sessions import remove_ended_sessions
from tenants.services.work import WORK_KINDS, WorkKind
from tenants.tasks import run_backup_task, run_schedule

BACKUP = "tenants.backup"


def _ring(ref_id: str) -> None:
    task = run_backup_task if ref_id.startswith(f"{BACKUP}:") else run_schedule
    task.delay(ref_id)


WORK_KINDS.add(KIND, WorkKind(ring=_ring, run=run_scheduled, died=nothing_makes_up))
SCHEDULES.add(
    "tenants.ended_log_ins",
    ScheduleEntry(_("remove log-ins that ran out"), timedelta(hours=1), remove_ended_sessions),
)
SCHEDULES.add(
    "tenants.stored_answers",
    ScheduleEntry(_("remove answers kept for repeated requests"), timedelta(hours=1), remove_old_answers),
)
SCHEDULES.add(
    "tenants.old_invitations",
    ScheduleEntry(_("remove invitations that ran out a month ago"), timedelta(days=1), remove_old_invitations),
)
SCHEDULES.add(
    "tenants.cleanup",
    ScheduleEntry(_("remove what was kept long enough, in the tenant's night"), timedelta(hours=1), clean_at_night),
)
SCHEDULES.add(
    BACKUP,
    ScheduleEntry(
        _("back up everything and prove it"), timedelta(days=1), back_up_once, offset=timedelta(hours=2), of_all=True
    ),
)
SCHEDULES.add(
    "tenants.old_deletions",
    ScheduleEntry(_("forget which rows were deleted a week ago"), timedelta(days=1), remove_old_deletions),
)
