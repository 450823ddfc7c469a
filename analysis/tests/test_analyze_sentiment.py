"""The command analyze_sentiment: in bulk what one by one gives."""

import json
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from agents.models import AgentModel
from analysis.models import Sentiment, SentimentChatModel
from analysis.services.analyzing import analyze_message
from analysis.services.corrections import correct_sentiment
from analysis.tests.messages import ANGRY, HAPPY, SlowAnalyzer, ask, slow_analyzer
from chats.models import ChatModel, ChatStatus, ContentChatModel, Sender
from notifications.models import Event
from tenants.models import TenantModel
from tenants.scope import in_tenant, tenant_scope

pytestmark = pytest.mark.django_db(transaction=True)
SAID = (
    HAPPY, ANGRY, "Where is my parcel?", "¡Muchas gracias, son estupendos!", "No funciona nada, qué desastre",
    "ok", "👍", "😡😡😡", "1234", "Merci beaucoup",
)  # fmt: skip
FIELDS = ("message_id", "chat_id", "sentiment", "score", "confidence", "language", "analyzer", "timestamp")


def run(**options: Any) -> dict[str, Any]:
    """Run the command and return what it answers."""
    out = StringIO()
    call_command("analyze_sentiment", json=True, no_progress=True, stdout=out, **options)
    answer: dict[str, Any] = json.loads(out.getvalue())
    return answer


def moods(tenant: TenantModel) -> list[tuple[Any, ...]]:
    """Return what is stored, but for its own key and time."""
    with in_tenant(tenant):
        rows = SentimentChatModel.objects.order_by("message_id")
        return list(rows.values_list(*FIELDS))


@pytest.fixture
def said(tenant: TenantModel, chat: ChatModel) -> list[ContentChatModel]:
    """Messages that nobody has read."""
    ask(tenant, chat, ANGRY, sender=Sender.AGENT)
    return [ask(tenant, chat, text) for text in SAID]


def test_bulk_and_one_by_one_give_the_same(tenant: TenantModel, chat: ChatModel, said: list[ContentChatModel]) -> None:
    assert run(batch_size=3)["tenants"][tenant.name]["analyzed"] == len(SAID)
    in_bulk = moods(tenant)
    with in_tenant(tenant):
        SentimentChatModel.objects.all().delete()
    with tenant_scope(tenant):
        for message in said:
            analyze_message(message.pk)
    assert moods(tenant) == in_bulk
    assert len(in_bulk) == len(SAID)


def test_running_again_reads_nothing_twice(tenant: TenantModel, said: list[ContentChatModel]) -> None:
    run()
    before = moods(tenant)
    assert run()["tenants"][tenant.name] == {**run()["tenants"][tenant.name], "found": 0, "analyzed": 0}
    assert moods(tenant) == before


def test_what_is_found_late_changes_no_conversation(
    tenant: TenantModel, chat: ChatModel, said: list[ContentChatModel]
) -> None:
    run()
    with in_tenant(tenant):
        assert ChatModel.objects.get(pk=chat.pk).status == ChatStatus.ACTIVE
        assert not Event.objects.filter(type="message.analyzed").exists()


def test_a_dry_run_counts_and_stores_nothing(tenant: TenantModel, said: list[ContentChatModel]) -> None:
    answer = run(dry_run=True)["tenants"][tenant.name]
    assert (answer["found"], answer["analyzed"], moods(tenant)) == (len(SAID), 0, [])


def test_by_force_all_are_read_again_but_what_the_staff_corrected(
    tenant: TenantModel, said: list[ContentChatModel]
) -> None:
    run()
    with tenant_scope(tenant):
        correct_sentiment(message_id=said[0].pk, sentiment=Sentiment.NEGATIVE, by=None)
    with slow_analyzer(tenant, SlowAnalyzer()):
        run(force=True)
    found = {row[0]: (row[2], row[6]) for row in moods(tenant)}
    assert found.pop(said[0].pk) == ("negative", "staff")
    assert set(found.values()) == {("positive", "slow 1")}


def test_days_and_agent_choose_the_messages(tenant: TenantModel, chat: ChatModel, said: list[ContentChatModel]) -> None:
    with in_tenant(tenant):
        old = [message.pk for message in said[:4]]
        ContentChatModel.objects.filter(pk__in=old).update(timestamp=timezone.now() - timedelta(days=9))
        AgentModel.objects.create(name="Borealis")
    assert run(days=7, dry_run=True)["tenants"][tenant.name]["found"] == len(SAID) - 4
    assert run(agent="borealis", dry_run=True)["tenants"][tenant.name]["found"] == 0
    assert run(agent="Aurora", dry_run=True)["tenants"][tenant.name]["found"] == len(SAID)
    with pytest.raises(CommandError, match="nobody"):
        run(agent="nobody")
    with pytest.raises(CommandError):
        run(days=0)


def test_chats_that_want_no_analysis_are_left_alone(
    tenant: TenantModel, chat: ChatModel, said: list[ContentChatModel]
) -> None:
    with in_tenant(tenant):
        ChatModel.objects.filter(pk=chat.pk).update(settings={"sentiment_analysis": False})
    assert run()["tenants"][tenant.name]["found"] == 0


def test_moods_are_told_by_agent_and_week(tenant: TenantModel, said: list[ContentChatModel]) -> None:
    out = StringIO()
    call_command("analyze_sentiment", tenant=tenant.name, no_progress=True, stdout=out, lang="en")
    year, week, _day = timezone.now().isocalendar()
    assert f"{tenant.name}: {len(SAID)} of {len(SAID)} messages read." in out.getvalue()
    assert f"aurora, {year}-W{week:02}:" in out.getvalue()


def test_a_tenant_reads_its_own_messages_alone(
    tenant: TenantModel, neighbour: TenantModel, their_chat: ChatModel, said: list[ContentChatModel]
) -> None:
    ask(neighbour, their_chat, HAPPY)
    assert set(run(tenant=tenant.name)["tenants"]) == {tenant.name}
    assert moods(neighbour) == []
