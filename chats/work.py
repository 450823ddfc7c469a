"""The kinds of work that `chats` brings to the work rows."""

from chats.services import retrying
from chats.services.pipeline import process_message
from chats.services.turns import answer_turn, give_turn_up
from chats.tasks import process_new_message, retry_signal_processing
from tenants.services.work import WORK_KINDS, WorkKind


def _ring(ref_id: str) -> None:
    process_new_message.delay(int(ref_id))


def _ring_retry(ref_id: str) -> None:
    retry_signal_processing.delay(ref_id)


def _run(ref_id: str) -> None:
    message_id: int | None = int(ref_id)
    while message_id is not None and process_message(message_id):
        message_id = answer_turn(message_id)


WORK_KINDS.add("turn", WorkKind(ring=_ring, run=_run, died=give_turn_up))
WORK_KINDS.add("signal_retry", WorkKind(ring=_ring_retry, run=retrying.retry, died=retrying.gave_up))
