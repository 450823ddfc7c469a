"""Moods in arrears: messages that have none yet, in keyed batches; the same findings, intents too, as one by one.

What is found late changes no conversation: nobody is called to a chat of last week, no event is written.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet

from agents.models import AgentModel
from analysis.models import MessageIntent, SentimentChatModel
from analysis.services.analyzing import current_analyzer, mood_of
from analysis.services.figures import refresh_figures
from analysis.services.guessing import guess_intent
from analysis.services.storing import Findings, store_findings
from chats.models import ChatModel, ContentChatModel, Sender

BATCH: Final = 500
# What a mood is read from, and what an encrypted message is opened with.
READ: Final = ("content", "language", "chat_id", "timestamp", "sequence", "is_encrypted", "tenant_id")


@dataclass(frozen=True, kw_only=True)
class Selection:
    """Which of the current tenant's messages: since a time, of an agent, of a chat; `again`: also those that have one.

    A sentiment that the staff corrected is never looked for again.
    """

    since: datetime | None = None
    agent: AgentModel | None = None
    chat: ChatModel | None = None
    again: bool = False

    def messages(self) -> "QuerySet[ContentChatModel]":
        """Return the messages in the order of their ids."""
        had = SentimentChatModel.objects.filter(message=OuterRef("pk"))
        if self.again:
            had = had.filter(corrected_at__isnull=False)
        wanted = ContentChatModel.objects.filter(~Exists(had), sender=Sender.USER).exclude(
            chat__settings__contains={"sentiment_analysis": False}
        )
        if self.since is not None:
            wanted = wanted.filter(timestamp__gte=self.since)
        if self.agent is not None:
            wanted = wanted.filter(chat__agent=self.agent)
        if self.chat is not None:
            wanted = wanted.filter(chat=self.chat)
        return wanted.order_by("pk")


def count_messages(selection: Selection) -> int:
    """Return how many messages there are to read."""
    with transaction.atomic():
        return selection.messages().count()


def analyze_all(selection: Selection, *, batch: int = BATCH) -> Iterator[int]:
    """Read the messages batch by batch, each in short transactions; yield how many were read after each."""
    last = 0
    while True:
        with transaction.atomic():
            page = list(selection.messages().filter(pk__gt=last).only(*READ)[:batch])
            analyzer = current_analyzer()
        if not page:
            return
        found = [
            Findings.of(message, mood=mood_of(message, analyzer), guessed=guess_intent(message.content))
            for message in page
        ]
        with transaction.atomic():
            _store(found, again=selection.again)
        last = page[-1].pk
        yield len(page)


def _store(found: list[Findings], *, again: bool) -> None:
    """Store the findings of messages that are still there."""
    ids = [one.message_id for one in found]
    there = set(ContentChatModel.objects.select_for_update(no_key=True).filter(pk__in=ids).values_list("pk", flat=True))
    if again:
        SentimentChatModel.objects.filter(message_id__in=ids, corrected_at__isnull=True).delete()
        guessed = [one.message_id for one in found if one.guessed]
        MessageIntent.objects.filter(message_id__in=guessed, corrected_at__isnull=True).delete()
    store_findings([one for one in found if one.message_id in there])


def analyze_chat(chat: ChatModel) -> None:
    """Find the moods of a chat's messages that have none yet, then the figures of the whole."""
    for _read in analyze_all(Selection(chat=chat)):
        pass
    with transaction.atomic():
        refresh_figures(chat)
