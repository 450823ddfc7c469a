"""The stage "analysis" of the pipeline, and what messages look like to the staff once it has run."""

from collections.abc import Mapping, Sequence
from typing import Any

from analysis.services.analyzing import analyze_on_the_way
from analysis.services.details import sentiments_of
from analysis.tasks import ring
from chats.models import ContentChatModel
from chats.services.message_details import message_details
from chats.services.pipeline import message_processors
from tenants.commits import call_after_commit


@message_processors.register("analysis")
def analyze(message: ContentChatModel) -> None:
    """Find a new message's mood and intent; ring for what takes longer."""
    later = analyze_on_the_way(message)
    if later is not None:
        call_after_commit(ring, later)


@message_details.register("sentiment")
def sentiments(message_ids: Sequence[int]) -> Mapping[int, Any]:
    """Return the sentiments of messages (decision 32)."""
    return sentiments_of(message_ids)
