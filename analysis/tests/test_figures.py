"""The figures of a conversation."""

from datetime import UTC, datetime, timedelta

import pytest

from analysis.models import ConversationAnalytics, SentimentChatModel
from analysis.services.figures import chat_sentiment, figures_of
from analysis.tests.messages import ask
from chats.models import ChatModel, ContentChatModel, Sender
from chats.services import lifecycle
from tenants.models import TenantModel
from tenants.scope import in_tenant

pytestmark = pytest.mark.django_db(transaction=True)
NOON = datetime(2026, 11, 2, 12, tzinfo=UTC)


def talk(tenant: TenantModel, chat: ChatModel, *lines: tuple[str, int]) -> None:
    """Let a conversation have been held: who wrote, how many seconds after noon."""
    for sender, seconds in lines:
        message = ask(tenant, chat, f"Something at {seconds}", sender=sender)
        with in_tenant(tenant):
            ContentChatModel.objects.filter(pk=message.pk).update(timestamp=NOON + timedelta(seconds=seconds))


def figures(tenant: TenantModel, chat: ChatModel) -> ConversationAnalytics:
    """Return the chat's figures as of now."""
    with in_tenant(tenant):
        return figures_of(ChatModel.objects.get(pk=chat.pk))


def test_a_wait_runs_from_the_first_message_after_a_reply_to_the_next_reply(
    tenant: TenantModel, chat: ChatModel
) -> None:
    talk(
        tenant, chat, ("user", 0), ("user", 5), ("agent", 10), ("agent", 11), ("user", 20), ("staff", 50), ("user", 60)
    )
    found = figures(tenant, chat)
    assert (found.first_response_ms, found.response_time_ms) == (10_000, 20_000)


def test_that_somebody_is_on_the_way_is_no_reply(tenant: TenantModel, chat: ChatModel) -> None:
    talk(tenant, chat, ("user", 0), ("agent", 1), ("staff", 90))
    with in_tenant(tenant):
        ContentChatModel.objects.filter(sender=Sender.AGENT).update(metadata={"kind": "handover"})
    assert figures(tenant, chat).first_response_ms == 90_000


def test_nothing_is_said_of_a_chat_without_replies(tenant: TenantModel, chat: ChatModel) -> None:
    talk(tenant, chat, ("user", 0))
    found = figures(tenant, chat)
    assert (found.first_response_ms, found.response_time_ms, found.resolved_by) == (None, None, "none")
    assert (found.sentiment_score, found.escalated, found.began_at) == (None, False, chat.created_at)


@pytest.mark.parametrize(
    ("lines", "resolver"),
    [
        ((("user", 0), ("agent", 1)), "agent"),
        ((("user", 0), ("agent", 1), ("staff", 2)), "staff"),
        ((("user", 0),), "none"),
    ],
)
def test_who_resolved_it_is_who_wrote_to_the_person(
    tenant: TenantModel, chat: ChatModel, lines: tuple[tuple[str, int], ...], resolver: str
) -> None:
    talk(tenant, chat, *lines)
    assert figures(tenant, chat).resolved_by == "none"
    with in_tenant(tenant):
        lifecycle.complete(chat_id=chat.chat_id)
    assert figures(tenant, chat).resolved_by == resolver


def feel(tenant: TenantModel, chat: ChatModel, *scores: float) -> None:
    """Let each message of the person have a score."""
    for number, score in enumerate(scores):
        message = ask(tenant, chat, f"Message {number}")
        with in_tenant(tenant):
            SentimentChatModel.objects.create(
                message=message, chat=chat, sentiment="neutral", score=score, confidence=1, analyzer="test",
                timestamp=message.timestamp,
            )  # fmt: skip


def test_late_moods_weigh_more_than_early_ones(tenant: TenantModel, chat: ChatModel) -> None:
    with in_tenant(tenant):
        assert chat_sentiment(chat) is None
    feel(tenant, chat, *[1.0] * 5, *[-1.0] * 5)
    with in_tenant(tenant):
        assert chat_sentiment(chat) == pytest.approx(-1 / 3, abs=0.01)
        assert float(figures_of(chat).sentiment_score or 0) == chat_sentiment(chat)


def test_figures_are_computed_anew_only_after_something_happened(tenant: TenantModel, chat: ChatModel) -> None:
    feel(tenant, chat, 0.5)
    first = figures(tenant, chat)
    assert figures(tenant, chat).updated_at == first.updated_at
    feel(tenant, chat, -0.5)
    second = figures(tenant, chat)
    assert second.updated_at > first.updated_at
    with in_tenant(tenant):
        row = SentimentChatModel.objects.order_by("-message_id").first()
        assert row is not None
        row.delete()
        later = ask(tenant, chat, "A mood that is found late")
        third = figures_of(ChatModel.objects.get(pk=chat.pk))
        SentimentChatModel.objects.create(
            message=later, chat=chat, sentiment="positive", score=1, confidence=1, analyzer="test",
            timestamp=later.timestamp,
        )  # fmt: skip
    assert figures(tenant, chat).sentiment_score != third.sentiment_score


def test_an_escalation_is_remembered_with_its_first_reason(tenant: TenantModel, chat: ChatModel) -> None:
    talk(tenant, chat, ("user", 0))
    with in_tenant(tenant):
        lifecycle.escalate(chat_id=chat.chat_id, reason="negative_sentiment")
        lifecycle.release(chat_id=chat.chat_id)
        lifecycle.escalate(chat_id=chat.chat_id, reason="requested")
    found = figures(tenant, chat)
    assert (found.escalated, found.escalation_reason) == (True, "negative_sentiment")
