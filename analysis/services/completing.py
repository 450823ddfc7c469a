"""The end of a conversation: its figures and its summary, by one work row for each last message."""

from typing import Final

from analysis.services.figures import refresh_figures
from analysis.services.jobs import JOBS, Effect, Job, nothing, order
from analysis.services.summaries import keep, read_transcript, write, write_extract
from chats.models import ChatModel

COMPLETED_JOB: Final = "completed"


def order_completion(chat: ChatModel) -> str:
    """Write, in the transaction that completes a chat, the row of what is to be done; return its reference."""
    return order(COMPLETED_JOB, f"{chat.pk}:{chat.last_sequence}")


def look_back(about: str) -> Effect:
    """Write the summary of a chat outside any transaction; the effect stores it with the figures."""
    transcript = read_transcript(_chat_key(about))
    if transcript is None:
        return nothing
    written = write(transcript)

    def store() -> None:
        keep(transcript, written)
        refresh(transcript.chat_pk)

    return store


def refresh(chat_pk: int) -> None:
    """Compute the figures of a chat that is still there."""
    chat = ChatModel.objects.filter(pk=chat_pk).first()
    if chat is not None:
        refresh_figures(chat)


def look_back_plainly(about: str) -> None:
    """Make up for a summary that could not be written: extract one, and compute the figures."""
    transcript = read_transcript(_chat_key(about))
    if transcript is not None:
        keep(transcript, write_extract(transcript))
        refresh(transcript.chat_pk)


def _chat_key(about: str) -> int:
    return int(about.partition(":")[0])


JOBS.add(COMPLETED_JOB, Job(run=look_back, died=look_back_plainly))
