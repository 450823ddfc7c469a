"""The kinds of work that `chats` brings to the work rows."""

from datetime import timedelta

from django.utils.translation import gettext_lazy as _

from chats.services import erasing, retrying
from chats.services.closing import archive_completed, complete_silent
from chats.services.database_service import DatabaseService
from chats.services.pipeline import process_message
from chats.services.turns import answer_turn, give_turn_up
from chats.tasks import erase_person, process_new_message, retry_signal_processing
from tenants.services.schedules import SCHEDULES, ScheduleEntry
from tenants.services.work import WORK_KINDS, WorkKind


def _ring(ref_id: str) -> None:
    process_new_message.delay(int(ref_id))


def _ring_retry(ref_id: str) -> None:
    retry_signal_processing.delay(ref_id)


def _ring_erasure(ref_id: str) -> None:
    erase_person.delay(ref_id)


def _run(ref_id: str) -> None:
    message_id: int | None = int(ref_id)
    while message_id is not None and process_message(message_id):
        message_id = answer_turn(message_id)


WORK_KINDS.add("turn", WorkKind(ring=_ring, run=_run, died=give_turn_up, queues=("messages", "replies")))
WORK_KINDS.add(
    "signal_retry",
    WorkKind(ring=_ring_retry, run=retrying.retry, died=retrying.gave_up, queues=("messages",)),
)
WORK_KINDS.add(erasing.KIND, WorkKind(ring=_ring_erasure, run=erasing.erase, died=erasing.gave_up))
SCHEDULES.add(
    "chats.complete_silent",
    ScheduleEntry(_("complete conversations that fell silent"), timedelta(minutes=10), complete_silent),
)
SCHEDULES.add(
    "chats.archive_completed",
    ScheduleEntry(_("archive completed conversations"), timedelta(hours=1), archive_completed),
)
SCHEDULES.add(
    "chats.remove_buffers",
    ScheduleEntry(
        _("remove old message buffers, and contexts whose time is over"), timedelta(minutes=5), DatabaseService.cleanup
    ),
)
