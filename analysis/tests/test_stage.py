"""The stage "analysis": each person's message is read once, on its way or beside it."""

from typing import Any
from uuid import UUID

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from analysis.models import SentimentChatModel
from analysis.processors import analyze
from analysis.services.jobs import work_off
from analysis.tasks import analyze_chat_sentiment, analyze_message_sentiment
from analysis.tests.messages import ANGRY, HAPPY, SlowAnalyzer, ask, configure, slow_analyzer
from chats.models import ChatModel, ChatStatus, ContentChatModel, Sender
from chats.services.pipeline import process_message
from chats.signals.definitions import message_analyzed
from notifications.models import Event
from tenants.models import TenantModel, WorkItem
from tenants.scope import in_tenant, tenant_scope
from tenants.services.work import MAX_ATTEMPTS
from tenants.tasks import TENANT_HEADER

pytestmark = pytest.mark.django_db(transaction=True)


def process(tenant: TenantModel, message: ContentChatModel) -> UUID | None:
    """Run the pipeline's quick stages; return the agent that is to answer."""
    with tenant_scope(tenant):
        return process_message(message.pk)


def run_task(tenant: TenantModel, task: Any, argument: object) -> None:
    """Run a task as the worker does, for a tenant."""
    task.push_request(**{TENANT_HEADER: str(tenant.pk)})
    try:
        task(argument)
    finally:
        task.pop_request()


def sentiments(tenant: TenantModel) -> list[SentimentChatModel]:
    """Return what is stored."""
    with in_tenant(tenant):
        return list(SentimentChatModel.objects.order_by("message_id"))


def events(tenant: TenantModel) -> list[dict[str, Any]]:
    """Return the data of the events about analysed messages."""
    with in_tenant(tenant):
        return list(Event.objects.filter(type="message.analyzed").order_by("id").values_list("data", flat=True))


@pytest.fixture
def told() -> Any:
    """What the signal message_analyzed told."""
    heard: list[dict[str, Any]] = []

    def listen(message: ContentChatModel, analysis_results: dict[str, Any], **kwargs: Any) -> None:
        heard.append({"message": message.pk, **analysis_results})

    message_analyzed.connect(listen, weak=False)
    yield heard
    message_analyzed.disconnect(listen)


def test_a_message_gets_its_sentiment_once_however_often_it_is_processed(
    tenant: TenantModel, chat: ChatModel, told: list[Any]
) -> None:
    message = ask(tenant, chat, HAPPY)
    for _time in range(3):
        process(tenant, message)
    (found,) = sentiments(tenant)
    assert (found.sentiment, found.message_id, found.language) == ("positive", message.pk, "en")
    assert found.timestamp == message.timestamp
    assert 0 < found.score <= 1
    assert [(one["message"], one["sentiment"]["sentiment"], one["language"]) for one in told] == [
        (message.pk, "positive", "en")
    ]
    assert [(data["sentiment"], data["sequence"]) for data in events(tenant)] == [("positive", 1)]


def test_an_angry_message_hands_the_chat_over_before_the_agent_answers(tenant: TenantModel, chat: ChatModel) -> None:
    message = ask(tenant, chat, "Estoy harto, es la peor empresa del mundo, una estafa horrible. ¡Fatal!")
    assert process(tenant, message) is None
    with in_tenant(tenant):
        assert ChatModel.objects.get(pk=chat.pk).status == ChatStatus.WAITING
    assert sentiments(tenant)[0].language == "es"


def test_nobody_reads_the_mood_of_replies_or_of_chats_that_do_not_want_it(
    tenant: TenantModel, chat: ChatModel, told: list[Any]
) -> None:
    with tenant_scope(tenant):
        reply = ask(tenant, chat, ANGRY, sender=Sender.STAFF)
        with transaction.atomic():
            analyze(reply)
    with in_tenant(tenant):
        ChatModel.objects.filter(pk=chat.pk).update(settings={"sentiment_analysis": False})
    message = ask(tenant, chat, ANGRY)
    process(tenant, message)
    run_task(tenant, analyze_message_sentiment, message.pk)
    assert (sentiments(tenant), told, events(tenant)) == ([], [], [])


def test_the_stage_takes_two_statements_of_its_own_early_and_late(tenant: TenantModel, chat: ChatModel) -> None:
    with in_tenant(tenant):
        ChatModel.objects.filter(pk=chat.pk).update(agent_settings={"tone": "friendly"})
    for content in ("It is a parcel.", "Another parcel.", "And a third parcel."):
        message = ask(tenant, chat, content)
        with in_tenant(tenant):
            with CaptureQueriesContext(connection) as queries:
                analyze(message)
            told = [query["sql"].split()[0:3] for query in queries if "SAVEPOINT" not in query["sql"]]
        if content != "It is a parcel.":  # the first one also reads settings and models, for five seconds
            assert len(told) == 2, told


def test_a_slow_analyzer_reads_beside_the_way_and_holds_nothing_up(
    tenant: TenantModel, chat: ChatModel, told: list[Any]
) -> None:
    analyzer = SlowAnalyzer()
    with slow_analyzer(tenant, analyzer):
        message = ask(tenant, chat, ANGRY)
        assert process(tenant, message)
        assert (analyzer.calls, sentiments(tenant), told) == (0, [], [])
        row = WorkItem.objects.get(kind="analysis")
        with tenant_scope(tenant):
            for _time in range(2):
                work_off(row.ref_id)
    assert [found.analyzer for found in sentiments(tenant)] == ["slow 1"]
    assert (analyzer.calls, len(told), len(events(tenant))) == (1, 1, 1)
    row.refresh_from_db()
    assert row.state == "done"


def test_what_a_slow_analyzer_cannot_read_the_word_lists_read_in_the_end(tenant: TenantModel, chat: ChatModel) -> None:
    with slow_analyzer(tenant, SlowAnalyzer(failure=TimeoutError("no answer"))):
        process(tenant, ask(tenant, chat, HAPPY))
        row = WorkItem.objects.get(kind="analysis")
        for _time in range(MAX_ATTEMPTS):
            WorkItem.objects.filter(pk=row.pk).update(run_after="2000-01-01T00:00Z")
            with tenant_scope(tenant):
                work_off(row.ref_id)
    row.refresh_from_db()
    assert (row.state, row.last_error) == ("dead", "TimeoutError: no answer")
    assert [found.analyzer for found in sentiments(tenant)] == ["lexical 1"]


def test_the_task_for_one_message_finds_what_the_stage_finds(
    tenant: TenantModel, chat: ChatModel, told: list[Any]
) -> None:
    message = ask(tenant, chat, HAPPY)
    for _time in range(2):
        run_task(tenant, analyze_message_sentiment, message.pk)
    run_task(tenant, analyze_message_sentiment, 10**15)
    assert len(sentiments(tenant)) == len(told) == 1


def test_the_task_for_a_chat_finds_all_its_moods_and_that_of_the_whole(
    tenant: TenantModel, chat: ChatModel, told: list[Any]
) -> None:
    for content in (HAPPY, ANGRY, ANGRY):
        ask(tenant, chat, content)
    run_task(tenant, analyze_chat_sentiment, str(chat.chat_id))
    found = sentiments(tenant)
    assert [one.sentiment for one in found] == ["positive", "negative", "negative"]
    with in_tenant(tenant):
        whole = chat.analytics.get()
    mean = sum(one.score for one in found) / 3
    assert whole.sentiment_score is not None
    assert found[1].score <= whole.sentiment_score < mean
    assert told == []


def test_a_tenant_may_choose_its_analyzer(tenant: TenantModel, chat: ChatModel) -> None:
    configure(tenant, sentiment_analyzer="lexical")
    process(tenant, ask(tenant, chat, HAPPY))
    assert sentiments(tenant)[0].analyzer == "lexical 1"
