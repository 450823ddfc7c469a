"""Moods, intents and figures in the administration."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from analysis.models import ConversationAnalytics, Intent, MessageIntent, SentimentChatModel
from analysis.tests.messages import ANGRY, HAPPY, ask
from chats.models import ChatModel, ContentChatModel
from chats.services.pipeline import process_message
from tenants.models import TenantModel, User
from tenants.scope import in_tenant, tenant_scope
from tests.support.administration import browser_of

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def happy(tenant: TenantModel, chat: ChatModel) -> ContentChatModel:
    """A message that has been read."""
    message = ask(tenant, chat, HAPPY)
    with tenant_scope(tenant):
        process_message(message.pk)
    return message


def mood_of(tenant: TenantModel, message: ContentChatModel) -> SentimentChatModel:
    """Return a message's mood."""
    with in_tenant(tenant):
        return SentimentChatModel.objects.select_related("corrected_by").get(message=message)


@pytest.mark.parametrize(("language", "word"), [("en", "30 days"), ("es", "30 días")])
def test_moods_stand_in_a_chart_and_in_a_table(viewer: User, happy: ContentChatModel, language: str, word: str) -> None:
    page = browser_of(viewer).get(
        reverse("admin:analysis_sentimentchatmodel_changelist"), headers={"Accept-Language": language}
    )
    text = page.content.decode()
    assert word in text
    assert text.count("ch-fill-positive") == 31  # thirty days and the legend
    assert text.count('<th scope="row">') == 30
    assert page.context["moods"]["positive"] == 1
    last = page.context["chart"]["columns"][-1]
    assert [(part.kind, part.height) for part in last.segments] == [
        ("negative", 0.0), ("neutral", 0.0), ("positive", 120.0)
    ]  # fmt: skip


def test_a_mood_is_corrected_on_its_page_and_by_who_may_write(
    tenant: TenantModel, colleague: User, viewer: User, happy: ContentChatModel
) -> None:
    path = reverse("admin:analysis_sentimentchatmodel_change", args=[mood_of(tenant, happy).pk])
    assert browser_of(viewer).post(path, {"sentiment": "negative"}).status_code == 403
    assert browser_of(colleague).post(path, {"sentiment": "negative"}).status_code == 302
    found = mood_of(tenant, happy)
    assert (found.sentiment, found.analyzer, found.corrected_by) == ("negative", "staff", colleague)
    assert found.original is not None
    assert found.original["sentiment"] == "positive"


def test_an_intent_is_corrected_on_its_page(tenant: TenantModel, colleague: User, happy: ContentChatModel) -> None:
    with in_tenant(tenant):
        thanks = Intent.objects.create(name="thanks")
        row = MessageIntent.objects.create(
            message=happy, chat=happy.chat, confidence=0.4, classifier="test", timestamp=happy.timestamp
        )
    path = reverse("admin:analysis_messageintent_change", args=[row.pk])
    assert browser_of(colleague).post(path, {"intent": str(thanks.pk)}).status_code == 302
    with in_tenant(tenant):
        row.refresh_from_db()
        assert (row.intent, row.classifier, row.corrected_by_id) == (thanks, "staff", colleague.pk)


def test_examples_are_written_one_a_line(tenant: TenantModel, admin: User, colleague: User) -> None:
    path = reverse("admin:analysis_intent_add")
    said = {"name": "refund", "description": "", "is_active": "on", "examples": "money back\n\n  I want a refund \n"}
    assert browser_of(colleague).post(path, said).status_code == 403
    assert browser_of(admin).post(path, said).status_code == 302
    with in_tenant(tenant):
        intent = Intent.objects.get()
    assert intent.examples == ["money back", "I want a refund"]
    change = reverse("admin:analysis_intent_change", args=[intent.pk])
    assert "money back\nI want a refund" in browser_of(admin).get(change).content.decode()
    browser_of(admin).post(path, {**said, "name": "too long", "examples": "x" * 1_001})
    with in_tenant(tenant):
        assert Intent.objects.count() == 1


def test_intents_stand_in_a_table_with_bars(tenant: TenantModel, viewer: User, happy: ContentChatModel) -> None:
    with in_tenant(tenant):
        MessageIntent.objects.create(
            message=happy, chat=happy.chat, confidence=0.4, classifier="test", timestamp=happy.timestamp
        )
    text = browser_of(viewer).get(reverse("admin:analysis_intent_changelist")).content.decode()
    assert "none of them" in text
    assert 'width="100.0"' in text


def test_the_conversations_page_shows_mood_summary_and_figures(
    tenant: TenantModel, colleague: User, chat: ChatModel, happy: ContentChatModel
) -> None:
    ask(tenant, chat, "Where is my parcel 4711? <b>It</b> should be here.")
    text = browser_of(colleague).get(reverse("admin:chats_chatmodel_change", args=[chat.pk])).content.decode()
    correct = reverse("admin:analysis_sentimentchatmodel_change", args=[mood_of(tenant, happy).pk])
    assert f'<a class="ch-badge ch-positive" href="{correct}">positive' in text
    assert "In short" in text
    assert "Where is my parcel 4711?" in text
    assert "<b>It</b>" not in text
    assert "<dt>Mood</dt>" in text


def test_pages_of_a_neighbours_rows_do_not_open(outsider: User, tenant: TenantModel, happy: ContentChatModel) -> None:
    path = reverse("admin:analysis_sentimentchatmodel_change", args=[mood_of(tenant, happy).pk])
    assert browser_of(outsider).get(path).status_code == 302
    assert browser_of(outsider).post(path, {"sentiment": "negative"}).status_code == 302
    assert mood_of(tenant, happy).sentiment == "positive"


def test_the_list_costs_the_same_however_many_rows_there_are(
    tenant: TenantModel, viewer: User, chat: ChatModel
) -> None:
    browser, path = browser_of(viewer), reverse("admin:analysis_sentimentchatmodel_changelist")
    counts = []
    for _round in range(2):
        for _number in range(5):
            with tenant_scope(tenant):
                process_message(ask(tenant, chat, ANGRY).pk)
        browser.get(path)
        with CaptureQueriesContext(connection) as queries:
            browser.get(path)
        counts.append(len(queries))
    assert counts[0] == counts[1]


def test_a_list_is_narrowed_by_the_values_that_its_latest_rows_have(viewer: User, happy: ContentChatModel) -> None:
    browser, page = browser_of(viewer), reverse("admin:analysis_sentimentchatmodel_changelist")
    shown = browser.get(page)
    assert b"?language=en" in shown.content
    assert b"?language=es" not in shown.content
    assert browser.get(page, {"language": "en"}).context["cl"].result_count == 1
    assert browser.get(page, {"language": "es"}).context["cl"].result_count == 0


def test_what_a_column_cannot_hold_narrows_nothing(tenant: TenantModel, viewer: User, happy: ContentChatModel) -> None:
    with in_tenant(tenant):
        ConversationAnalytics.objects.create(chat=happy.chat, began_at=happy.timestamp, user_satisfaction_rating=4)
    page = reverse("admin:analysis_conversationanalytics_changelist")
    refused = browser_of(viewer).get(page, {"user_satisfaction_rating": "five"})
    assert refused.status_code == 302
    assert refused["Location"].endswith("?e=1")


def test_what_a_list_offers_to_narrow_by_is_not_looked_for_in_the_whole_table(
    viewer: User, happy: ContentChatModel
) -> None:
    browser = browser_of(viewer)
    for name in ("analysis_sentimentchatmodel", "analysis_conversationanalytics", "audit_auditlog"):
        with CaptureQueriesContext(connection) as asked:
            assert browser.get(reverse(f"admin:{name}_changelist")).status_code in {200, 403}
        assert not [one["sql"] for one in asked if "SELECT DISTINCT" in one["sql"]], name
