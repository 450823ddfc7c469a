"""How fast conversations are answered, and the plans of the queries that people wait for."""

import io
import json
from datetime import timedelta
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils import timezone

from agents.models import AIModel, ModelPerformance
from chats.management.commands import analyze_chat_performance
from chats.models import ChatModel, ContentChatModel, Sender
from chats.services import hot_queries
from chats.services.messages import post_message
from metrics.services import stage
from tenants.models import TenantModel
from tenants.scope import OPERATIONS, in_tenant

pytestmark = pytest.mark.django_db(databases=["default", OPERATIONS])
committed = pytest.mark.django_db(transaction=True, databases=["default", OPERATIONS])


@pytest.fixture(autouse=True)
def _short_look(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(analyze_chat_performance, "LOOK_SECONDS", 0.0)


def answer(
    tenant: TenantModel, chat: ChatModel, seconds: float, *, days_ago: float = 0, model: str = "builtin"
) -> None:
    """Let a question have been asked and answered."""
    when = timezone.now() - timedelta(days=days_ago, minutes=1)
    with in_tenant(tenant):
        asked = post_message(chat_id=chat.chat_id, content="Where is it?").message
        reply = post_message(
            chat_id=chat.chat_id, content="Here", sender=Sender.AGENT, in_response_to_id=asked.pk, is_automatic=True,
            model_used=model,
        ).message  # fmt: skip
        ContentChatModel.objects.filter(pk=asked.pk).update(timestamp=when)
        ContentChatModel.objects.filter(pk=reply.pk).update(timestamp=when + timedelta(seconds=seconds))


def run(command: str, **options: Any) -> tuple[int, dict[str, Any]]:
    """Run a command; return its exit status and its answer."""
    out, status = io.StringIO(), 0
    try:
        call_command(command, json=True, no_progress=True, stdout=out, **options)
    except CommandError as error:
        status = error.returncode
    return status, json.loads(out.getvalue())


def test_waits_for_replies_are_told_by_model_and_the_slowest_named(tenant: TenantModel, chat: ChatModel) -> None:
    for seconds in (1, 2, 3):
        answer(tenant, chat, seconds)
    answer(tenant, chat, 40, model="large")
    answer(tenant, chat, 500, days_ago=9)
    _status, told = run("analyze_chat_performance", days=7)
    found = told["tenants"]["acme"]
    assert (found["replies"]["count"], found["replies"]["p50"], found["replies"]["longest"]) == (4, 2.5, 40.0)
    assert [(row["model"], row["count"], row["p50"]) for row in found["by_model"]] == [
        ("builtin", 3, 2.0),
        ("large", 1, 40.0),
    ]
    assert (found["slowest"][0]["chat_id"], found["slowest"][0]["sequence"]) == (str(chat.chat_id), 8)
    assert run("analyze_chat_performance", days=10)[1]["tenants"]["acme"]["replies"]["count"] == 5


def test_stages_models_and_work_are_told(tenant: TenantModel, chat: ChatModel) -> None:
    with stage("trial"):
        pass
    model = AIModel.objects.create(name="builtin")
    for value, size in ((100.0, 3), (200.0, 1)):
        hour = timezone.now() - timedelta(hours=size)
        ModelPerformance.objects.create(
            model=model, metric_name="latency_ms", metric_value=value, sample_size=size, recorded_at=hour
        )
    answer(tenant, chat, 1)
    with in_tenant(tenant), connection.cursor() as cursor:
        cursor.execute(
            "UPDATE tenants_workitem SET state = 'done', attempts = 2, created_at = now() - interval '5 s',"
            " finished_at = now()"
        )
    told = run("analyze_chat_performance")[1]
    assert [row["count"] >= 1 for row in told["stages"] if row["stage"] == "trial"] == [True]
    assert told["models"] == [{"model": "builtin", "figure": "latency_ms", "mean": 125.0, "replies": 4}]
    (turns,) = [row for row in told["tenants"]["acme"]["work"] if row["kind"] == "turn"]
    assert (turns["count"], turns["p50"], turns["failures"]) == (1, 5.0, 2)


def test_one_tenant_is_told_nothing_of_the_installation(tenant: TenantModel, neighbour: TenantModel) -> None:
    told = run("analyze_chat_performance", tenant=tenant.name)[1]
    assert ({*told}, {*told["tenants"]}) == ({"days", "tenants"}, {"acme"})
    assert {*run("optimize_chat_queries", tenant=tenant.name)[1]} == {"tenant", "queries"}


def test_it_is_told_in_words(tenant: TenantModel, chat: ChatModel) -> None:
    answer(tenant, chat, 2)
    out = io.StringIO()
    call_command("analyze_chat_performance", lang="es", stdout=out)
    assert "acme: 1 respuestas en 7 días" in out.getvalue()
    with pytest.raises(CommandError):
        call_command("analyze_chat_performance", days=0)


@committed
def test_every_hot_query_is_run_and_its_plan_shown(tenant: TenantModel, chat: ChatModel) -> None:
    status, told = run("optimize_chat_queries")
    assert (status, told["tenant"]) == (0, "acme")
    assert [row["query"] for row in told["queries"]] == [name for name, _query in hot_queries.HOT.items()]
    out = io.StringIO()
    call_command("optimize_chat_queries", explain=True, stdout=out)
    assert "Scan" in out.getvalue()


@committed
def test_a_query_that_reads_a_large_table_whole_is_exit_status_one(
    tenant: TenantModel, chat: ChatModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hot_queries, "LARGE", -2)

    def whole(chat: ChatModel) -> Any:
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL enable_indexscan = off; SET LOCAL enable_bitmapscan = off")
        return ContentChatModel.objects.filter(metadata={"x": 1})

    with hot_queries.HOT.lent(whole=whole):
        status, told = run("optimize_chat_queries")
    assert (status, told["queries"][0]["is_slow"]) == (1, True)


def test_without_conversations_there_is_nothing_to_time(tenant: TenantModel) -> None:
    status, told = run("optimize_chat_queries")
    assert (status, told["tenant"], told["queries"]) == (0, None, [])


def test_a_plan_shows_no_value_that_names_a_person(tenant: TenantModel, chat: ChatModel) -> None:
    with in_tenant(tenant):
        ChatModel.objects.update(user_id="ana@example.com")
    out = io.StringIO()
    call_command("optimize_chat_queries", explain=True, json=True, tenant=tenant.name, stdout=out)
    assert "ana@" not in out.getvalue()
