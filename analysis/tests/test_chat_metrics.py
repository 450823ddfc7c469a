"""Conversations in figures, and how they run."""

import io
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from analysis.models import ConversationAnalytics
from analysis.services.chat_metrics import Grain, chat_metrics
from analysis.services.patterns import conversation_patterns
from chats.models import ChatModel, ContentChatModel, Sender
from chats.services.lifecycle import create_chat
from chats.services.messages import post_message
from chats.tests.test_sealed_messages import set_policy
from tenants.models import TenantModel
from tenants.scope import in_tenant, tenant_scope

pytestmark = pytest.mark.django_db


def held(tenant: TenantModel, began: datetime, *lines: tuple[str, str], **fields: Any) -> ChatModel:
    """Let a conversation have been held: who wrote what, a minute after each other."""
    with in_tenant(tenant):
        chat = create_chat(user_id=f"person at {began}", channel="api")
        asked = None
        for number, (sender, text) in enumerate(lines):
            kind = {"kind": "unknown"} if text == "I do not know" else {}
            row = post_message(chat_id=chat.chat_id, content=text, sender=sender, metadata=kind).message
            asked = row.pk if sender == Sender.USER else asked
            when = began + timedelta(minutes=number)
            replies_to = asked if sender == Sender.AGENT else None
            ContentChatModel.objects.filter(pk=row.pk).update(timestamp=when, in_response_to_id=replies_to)
        last = began + timedelta(minutes=len(lines) - 1)
        ChatModel.objects.filter(pk=chat.pk).update(created_at=began, last_activity=last, **fields)
        return ChatModel.objects.get(pk=chat.pk)


def looked_back(tenant: TenantModel, chat: ChatModel, **figures: Any) -> None:
    """Give a conversation its figures."""
    with in_tenant(tenant):
        ConversationAnalytics.objects.create(chat=chat, began_at=chat.created_at, **figures)


TALK = (("user", "Where is it?"), ("agent", "On its way"), ("user", "Thanks"))
OVER = {"status": "completed", "is_active": False}


def test_a_day_is_told_by_its_conversations_messages_times_and_ratings(tenant: TenantModel) -> None:
    yesterday = timezone.now().replace(hour=10, minute=0) - timedelta(days=1)
    looked_back(tenant, held(tenant, yesterday, *TALK, **OVER), first_response_ms=4_000, user_satisfaction_rating=5)
    looked_back(tenant, held(tenant, yesterday, *TALK), first_response_ms=8_000, escalated=True)
    with tenant_scope(tenant):
        days = chat_metrics(tenant, Grain.DAILY)
    assert len(days) == 30
    day = days[-2]
    assert (day.conversations, day.messages, day.from_people, day.from_agents, day.finished) == (2, 6, 4, 2, 1)
    assert (day.first_response_seconds, day.resolution_seconds, day.escalation_rate) == (6.0, 120.0, 0.5)
    assert (day.ratings, day.rating) == (1, 5.0)
    assert (days[-3].conversations, days[-3].first_response_seconds) == (0, None)


@pytest.mark.parametrize(("grain", "count"), [("hourly", 24), ("weekly", 12), ("monthly", 12)])
def test_every_period_has_its_stretches_and_the_present_is_the_last(
    tenant: TenantModel, grain: str, count: int
) -> None:
    held(tenant, timezone.now(), TALK[0])
    with tenant_scope(tenant):
        stretches = chat_metrics(tenant, Grain(grain))
    assert (len(stretches), stretches[-1].conversations, stretches[0].conversations) == (count, 1, 0)


def test_days_begin_at_the_tenants_midnight(tenant: TenantModel) -> None:
    tenant.timezone = "Pacific/Kiritimati"  # fourteen hours ahead
    midnight = timezone.now().replace(hour=11, minute=0) - timedelta(days=3)
    held(tenant, midnight, TALK[0])
    with tenant_scope(tenant):
        (found,) = [day for day in chat_metrics(tenant, Grain.DAILY) if day.conversations]
    assert found.begins.date() == midnight.date() + timedelta(days=1)


def test_a_neighbours_conversations_are_not_counted(tenant: TenantModel, neighbour: TenantModel) -> None:
    held(neighbour, timezone.now(), *TALK)
    with tenant_scope(tenant):
        assert sum(day.conversations + day.messages for day in chat_metrics(tenant, Grain.DAILY)) == 0


def test_the_command_tells_a_table_and_json(tenant: TenantModel) -> None:
    held(tenant, timezone.now(), *TALK)
    out, words = io.StringIO(), io.StringIO()
    call_command("chat_metrics", period="weekly", json=True, stdout=out)
    call_command("chat_metrics", period="hourly", lang="es", stdout=words)
    assert sum(week["conversations"] for week in json.loads(out.getvalue())["tenants"]["acme"]) == 1
    assert words.getvalue().splitlines()[1].split()[:2] == ["desde", "conversaciones"]


def patterns(tenant: TenantModel, days: int = 30) -> dict[str, Any]:
    """Return how a tenant's conversations ran."""
    with tenant_scope(tenant):
        return conversation_patterns(tenant, days)


def test_hours_and_weekdays_are_the_tenants(tenant: TenantModel) -> None:
    tenant.timezone = "America/Bogota"
    now = timezone.now()
    sunday = datetime(now.year, now.month, now.day, 2, tzinfo=UTC) - timedelta(days=now.isoweekday() % 7 + 7)
    held(tenant, sunday, TALK[0])
    assert patterns(tenant)["busiest"] == [{"weekday": 6, "hour": 21, "messages": 1}]


def test_lengths_are_counted_in_classes(tenant: TenantModel) -> None:
    now = timezone.now()
    for count in (1, 2, 3, 6):
        held(tenant, now, *[("user", "Hello")] * count)
    told = patterns(tenant)
    assert (told["conversations"], told["median"], told["longest"]) == (4, 2.5, 6)
    assert told["lengths"] == [
        {"messages": "1–2", "conversations": 2}, {"messages": "3–5", "conversations": 1},
        {"messages": "6–10", "conversations": 1},
    ]  # fmt: skip


def test_where_people_leave_is_told_by_who_wrote_last(tenant: TenantModel) -> None:
    yesterday = timezone.now() - timedelta(days=1)
    held(tenant, yesterday, *TALK)
    held(tenant, yesterday, *TALK[:2])
    looked_back(tenant, held(tenant, yesterday, *TALK[:2]), user_satisfaction_rating=5)
    held(tenant, timezone.now(), *TALK[:2])
    assert patterns(tenant)["dropped_out"] == [
        {"sender": "agent", "wrote": 1, "conversations": 1}, {"sender": "user", "wrote": 2, "conversations": 1},
    ]  # fmt: skip


def test_what_agents_could_not_answer_is_quoted_but_not_what_is_sealed(tenant: TenantModel) -> None:
    now = timezone.now()
    unknown = ("agent", "I do not know")
    set_policy(tenant, "off")
    held(tenant, now, ("user", "Do you sell boats?"), unknown, *TALK)
    set_policy(tenant, "all")
    held(tenant, now, ("user", "Is my tooth bad?"), unknown)
    told = patterns(tenant)["unanswered"]
    assert told == {"replies": 2, "conversations": 2, "questions": ["Do you sell boats?"], "encrypted": 1}


def test_only_the_days_asked_for_are_looked_at(tenant: TenantModel) -> None:
    held(tenant, timezone.now() - timedelta(days=9), *TALK)
    assert (patterns(tenant, 8)["conversations"], patterns(tenant, 10)["conversations"]) == (0, 1)


def test_the_patterns_are_told_in_words(tenant: TenantModel) -> None:
    looked_back(tenant, held(tenant, timezone.now(), *TALK), escalated=True, escalation_reason="requested")
    out = io.StringIO()
    call_command("analyze_conversation_patterns", days=7, stdout=out)
    assert "1 conversations of 1 people in 7 days" in out.getvalue()
    assert "1  requested" in out.getvalue()
    with pytest.raises(CommandError):
        call_command("analyze_conversation_patterns", days=0)
