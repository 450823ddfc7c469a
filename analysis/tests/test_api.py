"""Moods, intents and figures by REST."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from analysis.models import ConversationAnalytics, Intent, MessageIntent, SentimentChatModel
from analysis.services.training_data import corrected_sentiments, intent_examples
from analysis.tests.messages import ANGRY, HAPPY, ask
from audit.models import AuditLog
from chats.models import ChatModel, ContentChatModel
from chats.services import lifecycle
from chats.services.pipeline import process_message
from notifications.models import Event
from tenants.models import TenantModel, User
from tenants.scope import in_tenant, tenant_scope
from tests.support.cast import Visitor, client_of, client_with_key

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def happy(tenant: TenantModel, chat: ChatModel) -> ContentChatModel:
    """A message that has been read."""
    message = ask(tenant, chat, HAPPY)
    with tenant_scope(tenant):
        process_message(message.pk)
    return message


def wants(tenant: TenantModel, message: ContentChatModel, intent: Intent | None) -> None:
    """Let a message have been found to want something."""
    with in_tenant(tenant):
        MessageIntent.objects.create(
            message=message, chat=message.chat, intent=intent, confidence=0.7, classifier="test",
            timestamp=message.timestamp,
        )  # fmt: skip


def make_intent(tenant: TenantModel, name: str, *examples: str) -> Intent:
    """Store an intent."""
    with in_tenant(tenant):
        return Intent.objects.create(name=name, examples=list(examples))


def test_sentiments_are_listed_with_how_their_messages_begin(
    tenant: TenantModel, viewer: User, happy: ContentChatModel
) -> None:
    client = client_of(viewer)
    (found,) = client.get("/api/v1/sentiments/").json()["results"]
    assert found["message"] == str(happy.pk)
    assert found["chat_id"] == str(happy.chat.chat_id)
    assert (found["excerpt"], found["sentiment"], found["correction"]) == (HAPPY, "positive", None)
    assert isinstance(found["score"], float)
    assert client.get(f"/api/v1/sentiments/{happy.pk}/").json() == found


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ("sentiment=positive", 1), ("sentiment=negative", 1), ("sentiment=neutral", 0), ("language=es", 0),
        ("analyzer=lexical 1", 2), ("corrected=true", 0), ("corrected=false", 2), ("after=2099-01-01T00:00Z", 0),
        ("before=2099-01-01T00:00Z", 2), ("page_size=1", 1),
    ],
)  # fmt: skip
def test_sentiments_are_filtered(
    tenant: TenantModel, chat: ChatModel, happy: ContentChatModel, query: str, count: int
) -> None:
    with tenant_scope(tenant):
        process_message(ask(tenant, chat, ANGRY).pk)
    client = client_with_key(tenant, "sentiments:read")
    assert len(client.get(f"/api/v1/sentiments/?{query}&chat={chat.chat_id}").json()["results"]) == count
    assert client.get("/api/v1/sentiments/?sentiment=furious").status_code == 400


def test_a_correction_is_kept_with_who_when_and_what_was_said_before(
    tenant: TenantModel, colleague: User, owner: User, happy: ContentChatModel
) -> None:
    path = f"/api/v1/sentiments/{happy.pk}/"
    before = client_of(colleague).get(path).json()
    events = _events(tenant)
    answer = client_of(colleague).patch(path, {"sentiment": "negative"}).json()
    assert (answer["sentiment"], answer["score"], answer["confidence"], answer["analyzer"]) == (
        "negative", -0.5, 1.0, "staff"
    )  # fmt: skip
    correction = answer["correction"]
    assert (correction["by"], correction["original"]["sentiment"]) == (str(colleague.pk), "positive")
    again = client_of(owner).patch(path, {"sentiment": "neutral"}).json()["correction"]
    assert (again["by"], again["original"]["score"]) == (str(owner.pk), before["score"])
    with in_tenant(tenant):
        log = AuditLog.objects.filter(action="sentiment_corrected").order_by("id")
        assert [(row.actor_id, row.object_id, row.details["to"]) for row in log] == [
            (colleague.pk, str(happy.pk), "negative"), (owner.pk, str(happy.pk), "neutral")
        ]  # fmt: skip
        assert happy.chat.is_with_its_agent
    assert _events(tenant) == events


def _events(tenant: TenantModel) -> int:
    with in_tenant(tenant):
        return Event.objects.count()


def test_a_correction_moves_the_figures_and_is_there_to_learn_from(
    tenant: TenantModel, colleague: User, happy: ContentChatModel
) -> None:
    client = client_of(colleague)
    path = f"/api/v1/chats/{happy.chat.chat_id}/analytics/"
    assert client.get(path).json()["sentiment_score"] > 0
    client.patch(f"/api/v1/sentiments/{happy.pk}/", {"sentiment": "negative"})
    with in_tenant(tenant):
        assert ConversationAnalytics.objects.get().sentiment_score == pytest.approx(-0.5)
    figures = client.get("/api/v1/analytics/sentiment/").json()
    assert (figures["negative"], figures["positive"], figures["corrections_that_changed"]) == (1, 0, 1)
    with tenant_scope(tenant):
        assert [(mood.text, mood.sentiment) for mood in corrected_sentiments()] == [(HAPPY, "negative")]


def test_an_intent_is_corrected_and_learnt_from(tenant: TenantModel, colleague: User, happy: ContentChatModel) -> None:
    thanks, refund = make_intent(tenant, "thanks", "thank you"), make_intent(tenant, "refund", "money back")
    wants(tenant, happy, refund)
    path = f"/api/v1/message-intents/{happy.pk}/"
    answer = client_of(colleague).patch(path, {"intent": str(thanks.pk)}).json()
    assert (answer["name"], answer["confidence"], answer["correction"]["original"]["intent"]) == (
        "thanks",
        1.0,
        "refund",
    )
    with tenant_scope(tenant):
        assert intent_examples().by_intent == {"refund": ["money back"], "thanks": ["thank you", HAPPY]}
    assert client_of(colleague).patch(path, {"intent": None}).json()["name"] is None
    with tenant_scope(tenant):
        assert intent_examples().none_of_them == [HAPPY]
    listed = client_of(colleague).get("/api/v1/message-intents/?none=true&corrected=true").json()["results"]
    assert [row["message"] for row in listed] == [str(happy.pk)]


def test_who_only_looks_corrects_nothing_and_visitors_see_nothing(
    tenant: TenantModel, viewer: User, visitor: Visitor, happy: ContentChatModel
) -> None:
    wants(tenant, happy, None)
    for path in (f"/api/v1/sentiments/{happy.pk}/", f"/api/v1/message-intents/{happy.pk}/"):
        assert client_of(viewer).patch(path, {"sentiment": "negative", "intent": None}).status_code == 403
        assert visitor.client.get(path).status_code == 403
    own = f"/api/v1/chats/{visitor.chat.chat_id}"
    for path in (f"{own}/summary/", f"{own}/analytics/", "/api/v1/analytics/overview/", "/api/v1/sentiments/"):
        assert visitor.client.get(path).status_code == 403
    shown = visitor.client.post(f"{own}/messages/", {"content": ANGRY}).json()
    assert shown["sentiment"] is None


def test_a_neighbours_rows_are_not_found(neighbour: TenantModel, outsider: User, happy: ContentChatModel) -> None:
    client = client_of(outsider)
    theirs = make_intent(neighbour, "thanks")
    assert client.get("/api/v1/sentiments/").json()["results"] == []
    answers = [
        client.get(f"/api/v1/sentiments/{happy.pk}/"),
        client.patch(f"/api/v1/sentiments/{happy.pk}/", {"sentiment": "negative"}),
        client.patch(f"/api/v1/message-intents/{happy.pk}/", {"intent": str(theirs.pk)}),
        client.get(f"/api/v1/chats/{happy.chat.chat_id}/summary/"),
        client.get(f"/api/v1/chats/{happy.chat.chat_id}/analytics/"),
        client.get(f"/api/v1/sentiments/{10**30}/"),
    ]
    assert [answer.status_code for answer in answers] == [404] * len(answers)


def test_a_neighbours_intent_cannot_be_given(
    tenant: TenantModel, neighbour: TenantModel, owner: User, happy: ContentChatModel
) -> None:
    wants(tenant, happy, None)
    theirs = make_intent(neighbour, "theirs")
    answer = client_of(owner).patch(f"/api/v1/message-intents/{happy.pk}/", {"intent": str(theirs.pk)})
    assert answer.status_code == 400


def test_messages_of_a_deleted_chat_are_not_shown(tenant: TenantModel, owner: User, happy: ContentChatModel) -> None:
    with tenant_scope(tenant):
        lifecycle.delete(chat_id=happy.chat.chat_id)
    assert client_of(owner).get("/api/v1/sentiments/").json()["results"] == []
    assert client_of(owner).get(f"/api/v1/sentiments/{happy.pk}/").status_code == 404


def test_the_staff_see_a_messages_sentiment_beside_it(
    tenant: TenantModel, owner: User, happy: ContentChatModel
) -> None:
    (shown,) = client_of(owner).get(f"/api/v1/chats/{happy.chat.chat_id}/messages/").json()["results"]
    assert set(shown["sentiment"]) == {"sentiment", "score", "confidence"}


def test_a_summary_is_extracted_until_one_is_stored(tenant: TenantModel, chat: ChatModel, viewer: User) -> None:
    ask(tenant, chat, "My parcel 4711 has not arrived.")
    answer = client_of(viewer).get(f"/api/v1/chats/{chat.chat_id}/summary/").json()
    assert answer["key_points"] == ["My parcel 4711 has not arrived."]
    assert (answer["through_sequence"], answer["model_used"]) == (1, "extractive")


def outcome(tenant: TenantModel, chat: ChatModel, **values: Any) -> None:
    """Store a conversation's figures."""
    with in_tenant(tenant):
        agent = ChatModel.objects.get(pk=chat.pk).agent
        ConversationAnalytics.objects.update_or_create(
            chat=chat, defaults={"began_at": chat.created_at, "agent": agent, **values}
        )


def test_the_overview_adds_up_a_period(tenant: TenantModel, chat: ChatModel, viewer: User, happy: Any) -> None:
    outcome(
        tenant, chat, escalated=True, resolved_by="staff", user_satisfaction_rating=4, response_time_ms=900,
        first_response_ms=500,
    )  # fmt: skip
    found = client_of(viewer).get("/api/v1/analytics/overview/").json()
    assert (found["conversations"], found["messages"], found["escalation_rate"]) == (1, 1, 1.0)
    assert (found["rating"], found["rating_distribution"]["4"], found["response_time_ms"]) == (4.0, 1, 900.0)
    assert (found["sentiment"]["positive"], found["resolved_by_staff"]) == (1, 1)
    assert len(found["days"]) == 30
    assert (found["days"][-1]["conversations"], found["days"][-1]["positive"]) == (1, 1)
    before = client_of(viewer).get("/api/v1/analytics/overview/?from=2020-01-01&to=2020-01-31").json()
    assert (before["conversations"], before["messages"], before["analyzed"], before["rating"]) == (0, 0, 0, None)
    assert before["sentiment"] == {"positive": 0, "neutral": 0, "negative": 0, "score": None}


def test_agents_and_intents_have_their_figures(
    tenant: TenantModel, chat: ChatModel, viewer: User, happy: ContentChatModel
) -> None:
    thanks = make_intent(tenant, "thanks")
    wants(tenant, happy, thanks)
    outcome(tenant, chat, main_intent=thanks, resolved_by="agent", sentiment_score=0.8)
    (agent,) = client_of(viewer).get("/api/v1/analytics/agents/").json()
    assert (agent["agent"], agent["conversations"], agent["resolved_by_agent"]) == ("aurora", 1, 1)
    (intent,) = client_of(viewer).get("/api/v1/analytics/intents/").json()
    assert (intent["name"], intent["messages"], intent["share"], intent["sentiment_score"]) == ("thanks", 1, 1.0, 0.8)


@pytest.mark.parametrize(
    "query",
    [
        "from=2026-02-01&to=2026-01-01", "from=2020-01-01&to=2026-01-01", "from=soon",
        "to=0001-01-01", "from=0001-01-01&to=0001-01-02", "from=9999-12-31&to=9999-12-31", "to=9999-12-31",
    ],
)  # fmt: skip
def test_a_period_without_sense_is_refused(viewer: User, query: str) -> None:
    for path in ("overview", "agents", "sentiment", "intents"):
        answer = client_of(viewer).get(f"/api/v1/analytics/{path}/?{query}")
        assert (answer.status_code, answer.json()["errors"][0]["attr"]) == (400, "from")


def test_a_day_is_a_day_of_the_tenants_time_zone(tenant: TenantModel, viewer: User, happy: ContentChatModel) -> None:
    tenant.timezone = "Pacific/Kiritimati"
    tenant.save()
    late = timezone.now().replace(hour=11, minute=0) - timedelta(days=2)  # 01:00 of the next day there
    with in_tenant(tenant):
        SentimentChatModel.objects.update(timestamp=late)
    days = client_of(viewer).get("/api/v1/analytics/sentiment/").json()["days"]
    assert [day["day"] for day in days if day["positive"]] == [(late + timedelta(days=1)).date().isoformat()]


def test_a_rating_counts_from_the_beginning_of_its_conversation(tenant: TenantModel, visitor: Visitor) -> None:
    visitor.client.post(f"/api/v1/chats/{visitor.chat.chat_id}/complete/")
    visitor.client.post(f"/api/v1/chats/{visitor.chat.chat_id}/rating/", {"rating": 5, "comment": "quick"})
    with in_tenant(tenant):
        row = ConversationAnalytics.objects.get()
        assert (row.began_at, row.comment) == (visitor.chat.created_at, "quick")
        assert row.rated_at is not None
